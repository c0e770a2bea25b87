// The checker with a Redis and a source that answer what the test says, and count what they are asked.
import { FakeClock, RecordedLog } from '@tidemark/devstack/fakes';
import { formatHead, type Head, type Watch } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Row } from './compare-row.ts';
import { Checker } from './checker.ts';

const boundMs = 2_000;
const prefix = 'copilot:item';
const watch: Watch = new Map([['public.item', { namespace: 'main', prefixes: [prefix], problem: null }]]);

/** Stands for a Redis: its keys, its head, and how often it was asked. */
class FakeRedis extends Redis {
  readonly values = new Map<string, string>();
  readonly asked: string[] = [];
  head: Head = {
    position: { generation: 3, sequence: 5 },
    floor: 3,
    begun: 10,
    done: 10,
    watchHash: 'w',
    tableFloors: new Map(),
  };

  constructor() {
    super({ lazyConnect: true });
  }

  override duplicate(): Redis {
    return this;
  }

  override scan(...args: unknown[]): Promise<[string, string[]]> {
    this.asked.push(`SCAN ${args.slice(1).join(' ')}`);
    return Promise.resolve(['0', [...this.values.keys()]]);
  }

  override mget(...names: unknown[]): Promise<(string | null)[]> {
    this.asked.push('MGET');
    return Promise.resolve(
      names.map((name) =>
        name === 'copilot:tidemark:main:head'
          ? formatHead(this.head)
          : (this.values.get(String(name)) ?? null),
      ),
    );
  }

  /** As a fill leaves it. */
  store(key: string, value: unknown, notedAt = '3-5'): void {
    const owner = `${prefix} ${key}`;
    this.values.set(`${prefix}:${key}`, `1 ${notedAt} ${owner.length} ${owner}${JSON.stringify([value])}`);
  }
}

let redis: FakeRedis;
let clock: FakeClock;
let log: RecordedLog;
let checker: Checker;
let rows: Map<string, Row>;
let isSourceDown: boolean;
let read: string[];

function start(perSecond = 1, followed: Watch = watch): void {
  checker = new Checker({
    config: { perSecond, tables: [], boundMs },
    redis,
    keyPrefix: 'copilot',
    rows: {
      read: async (table, key) => {
        read.push(`${table} ${key}`);
        if (isSourceDown) throw new Error('the source is away');
        return rows.get(key) ?? null;
      },
      close: async () => undefined,
    },
    watch: () => followed,
    clock,
    logger: log,
  });
}

beforeEach(() => {
  redis = new FakeRedis();
  clock = new FakeClock();
  log = new RecordedLog();
  rows = new Map();
  isSourceDown = false;
  read = [];
});

afterEach(async () => {
  const closing = checker.close();
  await clock.advance(0);
  await closing;
  expect(clock.pending).toBe(0);
});

describe('the checker', () => {
  test('counts a value that tells the same as its row as agreed', async () => {
    redis.store('a', { id: 'a', name: 'n' });
    rows.set('a', { id: 'a', name: 'n' });
    start();
    await clock.advance(1_000);
    expect(checker.status).toMatchObject({ sampled: 1, agreed: 1, mismatchedOnce: 0 });
    expect(read).toEqual(['public.item a']);
  });

  test('tells of a value that is still there, still served and still different after the bound and a round', async () => {
    redis.store('a', { id: 'a', secret: 'raw-value' });
    rows.set('a', { id: 'a', secret: 'newer-value' });
    start();
    await clock.advance(1_000);
    expect(checker.status).toMatchObject({ mismatchedOnce: 1, staleBeyondBound: 0 });
    redis.head = { ...redis.head, begun: 40, done: 40 };
    await clock.advance(boundMs);
    expect(checker.status.staleBeyondBound).toBe(1);
    for (let done = 60; done <= 100; done += 20) {
      redis.head = { ...redis.head, begun: done, done };
      await clock.advance(boundMs);
    }
    expect(checker.status.staleBeyondBound).toBeGreaterThan(1);
    const warnings = log.lines.filter(({ level }) => level === 'warn');
    // Once per key, however often it is found.
    expect(warnings).toEqual([
      {
        level: 'warn',
        message: 'an L2 value differs from its row beyond the bound',
        fields: { table: 'public.item', keyHash: expect.stringMatching(/^[0-9a-f]{16}$/), boundMs },
      },
    ]);
    expect(JSON.stringify(log.lines)).not.toMatch(/raw-value|newer-value|copilot:item:a/);
  });

  test.each<[what: string, happen: () => void]>([
    ['unlinked', () => redis.values.clear()],
    ['stored again with the newer row', () => redis.store('a', { id: 'a', n: 2 }, '3-6')],
    ['refused by a floor', () => (redis.head = { ...redis.head, floor: 4 })],
    ['right again', () => rows.set('a', { id: 'a', n: 1 })],
  ])('does not report a change that was in flight: the value is %s', async (_what, happen) => {
    redis.store('a', { id: 'a', n: 1 });
    rows.set('a', { id: 'a', n: 2 });
    start();
    await clock.advance(1_000);
    expect(checker.status.mismatchedOnce).toBe(1);
    redis.head = { ...redis.head, begun: 40, done: 40 };
    happen();
    await clock.advance(boundMs);
    expect(checker.status).toMatchObject({ inFlight: 1, staleBeyondBound: 0 });
  });

  test.each<[what: string, head: Partial<Head>]>([
    ['no round was done in between', {}],
    ['the round that was done had begun before', { begun: 11, done: 10 }],
    ['another generation has begun', { position: { generation: 4, sequence: 0 }, begun: 90, done: 90 }],
  ])('blames nobody when %s: no instance would be served it', async (_what, head) => {
    redis.store('a', { id: 'a', n: 1 });
    rows.set('a', { id: 'a', n: 2 });
    start();
    await clock.advance(1_000);
    redis.head = { ...redis.head, ...head };
    await clock.advance(boundMs);
    expect(checker.status.staleBeyondBound).toBe(0);
    expect(checker.status.skipped.unproved).toBe(1);
  });

  test('passes over what no instance would be served, what it can not compare, and a source that fails', async () => {
    redis.store('a', { id: 'a' }, '2-9');
    start();
    await clock.advance(1_000);
    redis.store('a', [1, 2]);
    rows.set('a', { id: 'a' });
    await clock.advance(1_000);
    redis.store('a', { id: 'a' });
    isSourceDown = true;
    await clock.advance(1_000);
    const { tables, ...all } = checker.status;
    expect(tables).toMatchObject({ 'public.item': { sampled: 3, agreed: 0 } });
    expect(all).toEqual({
      sampled: 3,
      agreed: 0,
      mismatchedOnce: 0,
      inFlight: 0,
      staleBeyondBound: 0,
      skipped: { refused: 1, incomparable: 1, 'several tables': 0, source: 1, busy: 0, unproved: 0 },
    });
  });

  test('passes over a value that names __proto__, as instances do', async () => {
    redis.store('a', JSON.parse('{"id":"a","__proto__":{"isAdmin":true}}'));
    rows.set('a', { id: 'a' });
    start();
    await clock.advance(1_000);
    expect(checker.status).toMatchObject({ sampled: 1, agreed: 0, skipped: { refused: 1 } });
  });

  test('asks Redis and the source no more than it was told to: a step of SCAN, a read and a row per look', async () => {
    for (let key = 0; key < 30; key += 1) redis.store(`k${key}`, { id: `k${key}`, n: 1 });
    start(5);
    await clock.advance(60_000);
    const looks = 5 * 60;
    expect(redis.asked.filter((one) => one === 'MGET').length).toBeLessThanOrEqual(looks);
    expect(redis.asked.filter((one) => one.startsWith('SCAN')).length).toBeLessThanOrEqual(looks);
    expect(read.length).toBeLessThanOrEqual(looks);
    expect(read.length).toBeGreaterThan(looks / 2);
    expect(new Set(redis.asked)).toEqual(new Set(['MGET', 'SCAN MATCH copilot:* COUNT 100']));
  });

  test('asks nothing while it knows of no table', async () => {
    redis.store('a', { id: 'a' });
    start(10, new Map());
    await clock.advance(5_000);
    expect(redis.asked).toEqual([]);
  });
});
