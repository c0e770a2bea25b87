// The short version of the model: the product as it is for some ten thousand steps, and the walks that once broke a
// promise. That each knock-out is found takes longer: knock-outs.slow.test.ts.
import { describe, expect, test } from 'vitest';
import { learnScripts } from './redis-scripts.ts';
import { runSearch } from './run-searches.ts';
import { retrace, type Scene } from './walk.ts';

const quiet: Scene = {
  hasRedis: true,
  sidecars: 2,
  isEmbedded: false,
  hasSmallL1: false,
  hasTwoNamespaces: false,
  knowsPrefixes: true,
  faults: [],
};

async function again(scene: Partial<Scene>, actions: string): Promise<unknown> {
  const scripts = await learnScripts();
  const options = { seed: 1, steps: 0, scripts, weakness: undefined, asksForProgress: true };
  return retrace(options, { ...quiet, ...scene }, actions.trim().split(/\s*\n\s*/));
}

describe('the product as it is', () => {
  test('keeps R1, R2, R3 and R6 on random walks', { timeout: 300_000 }, async () => {
    const result = await runSearch({ knockOut: null, firstSeed: 1, maxSteps: 30_000, shortens: true });
    expect(result.found).toBeUndefined();
    expect(result.steps).toBeGreaterThanOrEqual(30_000);
  });

  test('a takeover whose answer is late does not hide the other namespaces (R6)', async () => {
    const violation = await again(
      { sidecars: 1, hasTwoNamespaces: true },
      `connect s0 tidemark-engine
       serve s0 tidemark-engine
       answer s0 tidemark-engine
       query s0 0
       query s0 0
       query s0 0
       query s0 0
       time 1262`,
    );
    expect(violation).toBeUndefined();
  });

  test('a watch that was evicted when an instance asked is learnt when it is back (R6)', async () => {
    const violation = await again(
      {},
      `connect s0 tidemark-engine
       serve s0 tidemark-engine
       answer s0 tidemark-engine
       query s0 0
       query s0 0
       query s0 0
       query s0 0
       serve s0 tidemark-engine
       evict m:tidemark:main:watch`,
    );
    expect(violation).toBeUndefined();
  });

  test('what a read stored while a write told the others is not served after the write (R3)', async () => {
    const violation = await again(
      { knowsPrefixes: false },
      `connect i1 tidemark-cache
       write i1 plain x
       read i1 b x
       query i1 0
       query i1 0
       query i1 1
       query i1 1
       write i0 b x
       write i0 plain x
       read i1 plain x
       query i0 1
       query i1 1
       query i0 1
       query i0 1
       query i1 1
       time 100
       fire i1`,
    );
    expect(violation).toBeUndefined();
  });
});
