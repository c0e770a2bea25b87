// What a hit costs on any machine: promises and bytes, not nanoseconds.
import { createCache, type Cache, type Region } from '@tidemark/cache';
import { createHook } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

let cache: Cache;
let region: Region<{ readonly model: string }>;

beforeEach(async () => {
  cache = createCache();
  region = cache.region({
    name: 'policy',
    ttl: '1h',
    maxStaleness: '1h',
    load: () => Promise.resolve({ model: 'small' }),
  });
  await region.get('a');
});

afterEach(() => cache.close());

/** Made between the call and its return. */
function promisesOf(run: () => unknown): number {
  let promises = 0;
  const hook = createHook({
    init(_, type) {
      if (type === 'PROMISE') promises += 1;
    },
  });
  hook.enable();
  try {
    run();
  } finally {
    hook.disable();
  }
  return promises;
}

describe('a hit', () => {
  it('makes no promise when it is peeked', () => {
    expect(promisesOf(() => region.peek('a'))).toBe(0);
  });

  it('makes the one promise that it returns when it is awaited, also the thousandth of a turn', () => {
    expect(promisesOf(() => region.get('a'))).toBe(1);
    const many = promisesOf(() => {
      for (let hit = 0; hit < 1_000; hit += 1) void region.get('a');
    });
    expect(many).toBe(1_000);
  });

  it('takes nothing from the heap when it is peeked: not even the box of one number', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      '--min-semi-space-size=256',
      '--max-semi-space-size=256',
      '--conditions=@tidemark/source',
      '--disable-warning=ExperimentalWarning',
      path.join(import.meta.dirname, 'main.ts'),
    ]);
    const { bytesPerHit } = JSON.parse(stdout) as { bytesPerHit: number };
    // A boxed number is 16 bytes.
    expect(bytesPerHit).toBeLessThan(1);
  });
});
