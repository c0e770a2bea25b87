import { systemClock } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { resolveConfig } from '../config/config.ts';
import type { Check } from './check.ts';
import { checks } from './checks.ts';
import { examine } from './examine.ts';
import type { Finding, FindingStatus } from './finding.ts';
import { Patient } from './patient.ts';

function check(name: string, status: FindingStatus, needs: readonly string[] = []): Check {
  const judgement = { status, sentence: `${name} says ${status}` };
  return { name, needs: () => needs, run: () => Promise.resolve([judgement]) };
}

async function findings(run: readonly Check[], signal = new AbortController().signal): Promise<string[]> {
  const config = resolveConfig({
    args: [],
    env: { DATABASE_URL: 'postgres://127.0.0.1:9/postgres', REDIS_URL: 'redis://127.0.0.1:9' },
  });
  await using patient = new Patient({ config, clock: systemClock, signal });
  const told: Finding[] = [];
  const all = await examine({ patient, checks: run, onFinding: (finding) => told.push(finding) });
  expect(told).toEqual(all);
  return all.map(({ check, status, sentence }) => `${check}: ${status}, ${sentence}`);
}

describe('an examination', () => {
  it('goes on after a failure, without the checks that would only repeat it', async () => {
    const run = [
      check('a', 'fail'),
      check('b', 'ok', ['a']),
      check('c', 'ok', ['b']),
      check('d', 'warn'),
      check('e', 'ok', ['d']),
    ];
    expect(await findings(run)).toEqual([
      'a: fail, a says fail',
      'b: skipped, a failed',
      'c: skipped, b was skipped',
      'd: warn, d says warn',
      'e: ok, e says ok',
    ]);
  });

  it('takes a check that throws for a failure, and goes on', async () => {
    const broken: Check = {
      name: 'a',
      needs: () => [],
      run: () => Promise.reject(new Error('the part went away')),
    };
    expect(await findings([broken, check('b', 'ok')])).toEqual([
      'a: fail, the part went away',
      'b: ok, b says ok',
    ]);
  });

  it('ends when its user has had enough', async () => {
    expect(await findings([check('a', 'ok')], AbortSignal.abort())).toEqual([
      'a: skipped, the examination was ended',
    ]);
  });

  it('asks only for what stands before', () => {
    const config = resolveConfig({
      args: [],
      env: { DATABASE_URL: 'postgres://127.0.0.1:9/postgres', REDIS_URL: 'redis://127.0.0.1:9' },
    });
    for (const [at, check] of checks.entries()) {
      const before = checks.slice(0, at).map(({ name }) => name);
      for (const conf of [config, { ...config, databaseUrl: undefined }]) {
        expect(before).toEqual(expect.arrayContaining([...check.needs(conf)]));
      }
    }
  });
});
