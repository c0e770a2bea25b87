// The table of the fill in docs/SPEC.md says what the script does. It is run on the model of Redis, which does what a real
// one does: redis-model.stack.test.ts compares the two.
import { fill, namespaceKeys } from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { ModelConnection } from '../model/model-connection.ts';
import { ProcessClock } from '../model/process-clock.ts';
import { RedisModel } from '../model/redis-model.ts';
import { learnScripts } from '../model/redis-scripts.ts';
import { readTable, type Table } from './spec-page.ts';

const keys = namespaceKeys('m', 'main');
const scripts = await learnScripts();

interface Found {
  /** Generation and sequence; the value was noted at 3-5. */
  readonly head?: readonly [number, number];
  /** What each record after 3-5 changed. */
  readonly changes?: readonly string[];
  readonly isTrimmed?: boolean;
}

/** @returns whether the fill stored the value of the key "k" of the table "t.a" */
async function stored({ head, changes = [], isTrimmed = false }: Found): Promise<'yes' | 'no'> {
  const redis = new RedisModel();
  if (head !== undefined) redis.set(keys.head, `${head.join(' ')} 0 1 1 w {}`);
  for (const [index, change] of changes.entries()) {
    redis.append(keys.log, { id: `3-${6 + index}`, fields: ['p', `3-${5 + index}`, 'c', change] }, 10_000);
  }
  if (isTrimmed) redis.trim(keys.log, changes.length - 1);
  const clock = new ProcessClock({ nowMs: 0 });
  const host = { clock, scripts, weakness: undefined, onServed() {}, onLate() {} };
  const connection = new ModelConnection(host, {});
  connection.connect(redis);
  const filled = fill(connection as unknown as Redis, {
    keys,
    valueKey: 'm:a:k',
    encodedKey: 'k',
    tables: ['t.a'],
    value: { notedAt: { generation: 3, sequence: 5 }, payload: '1' },
    ttlMs: 1_000,
  });
  connection.serve();
  connection.answer();
  expect(await filled).toBe(redis.get('m:a:k') !== null);
  return (await filled) ? 'yes' : 'no';
}

const other = '{"t.a":["other"]}';

test('the table of the fill says what is stored (R2)', async () => {
  const found: Readonly<Record<string, Found>> = {
    missing: {},
    'of another generation': { head: [4, 5] },
    behind: { head: [3, 4] },
    'the same': { head: [3, 5] },
    '64 records ahead, none names the key or its table': {
      head: [3, 69],
      changes: Array.from({ length: 64 }, () => other),
    },
    '65 records ahead, none names the key or its table': {
      head: [3, 70],
      changes: Array.from({ length: 65 }, () => other),
    },
    'ahead, a record names the key': { head: [3, 7], changes: [other, '{"t.a":["k"]}'] },
    'ahead, a record names the whole table': { head: [3, 7], changes: ['{"t.a":null}', other] },
    'ahead, the log is trimmed': { head: [3, 7], changes: [other, other], isTrimmed: true },
  };
  const computed: Record<string, { stored: string }> = {};
  for (const [now, what] of Object.entries(found)) computed[now] = { stored: await stored(what) };
  const expected: Table = readTable('Fill', ['head now, against the noted position', 'stored']);
  expect(expected).toEqual(computed);
});
