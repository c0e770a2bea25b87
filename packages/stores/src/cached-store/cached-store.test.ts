// The pattern for a table of one's own: composite keys, dates, many at once.
import { createCache } from '@tidemark/cache';
import { until } from '@tidemark/devstack';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { createCachedStore, type CachedStore, type CachingOptions } from './cached-store.ts';

interface Plan {
  readonly name: string;
  readonly endsAt: Date;
}

type PlanKey = readonly [tenantId: string, planId: string];

const planSchema = z.object({ name: z.string(), endsAt: z.coerce.date() });

class Plans {
  readonly rows = new Map<string, Plan>();
  readonly loads: string[] = [];
  readonly store: CachedStore<Plan, PlanKey>;

  constructor(options?: CachingOptions) {
    this.store = createCachedStore<Plan, PlanKey>(
      createCache(),
      {
        keyPrefix: 'billing:plan',
        ttlSeconds: 300,
        table: undefined,
        schema: planSchema,
        load: async ([tenantId, planId]) => {
          this.loads.push(`${tenantId}/${planId}`);
          return this.rows.get(`${tenantId}/${planId}`) ?? null;
        },
      },
      options,
    );
  }
}

const basic: Plan = { name: 'basic', endsAt: new Date('2027-01-01T00:00:00Z') };

test('the loader gets the key as it was asked for', async () => {
  const { store, rows, loads } = new Plans({ maxStaleness: '1h' });
  rows.set('a:b/p', basic);
  expect(await store.get(['a:b', 'p'])).toEqual(basic);
  expect(await store.get(['a', 'b:p'])).toBeNull();
  expect(loads).toEqual(['a:b/p', 'a/b:p']);
});

test('dates are dates', async () => {
  const { store, rows } = new Plans();
  rows.set('a/p', basic);
  expect((await store.get(['a', 'p']))?.endsAt).toBeInstanceOf(Date);
});

test('a write is followed by what it wrote, and a miss by what is there (#18)', async () => {
  const { store, rows, loads } = new Plans({ maxStaleness: '1h' });
  expect(
    await store.getMany([
      ['a', 'p'],
      ['a', 'q'],
    ]),
  ).toEqual([null, null]);
  await store.write(['a', 'p'], async () => rows.set('a/p', basic));
  expect(
    await store.getMany([
      ['a', 'p'],
      ['a', 'q'],
    ]),
  ).toEqual([basic, null]);
  expect(loads.filter((key) => key === 'a/p')).toHaveLength(2);
  expect(loads.filter((key) => key === 'a/q')).toHaveLength(1);
});

test('an invalidation by hand makes the next read ask the source (#18, #38)', async () => {
  const { store, rows } = new Plans({ maxStaleness: '1h' });
  await store.get(['a', 'p']);
  rows.set('a/p', basic);
  await store.invalidate(['a', 'p']);
  expect(await store.get(['a', 'p'])).toEqual(basic);
});

test('peek says undefined until something was read', async () => {
  const { store } = new Plans({ maxStaleness: '1h' });
  expect(store.peek(['a', 'p'])).toBeUndefined();
  await store.get(['a', 'p']);
  expect(store.peek(['a', 'p'])).toBeNull();
});

test('no more entries stay than maxEntries', async () => {
  const { store, loads } = new Plans({ maxStaleness: '1h', maxEntries: 1 });
  await store.get(['a', 'p']);
  await store.get(['a', 'q']);
  await store.get(['a', 'p']);
  expect(loads).toEqual(['a/p', 'a/q', 'a/p']);
});

test('switched off, every read asks the source', async () => {
  const { store, loads } = new Plans({ isEnabled: false });
  await store.get(['a', 'p']);
  await store.getMany([['a', 'p']]);
  expect(store.peek(['a', 'p'])).toBeUndefined();
  expect(loads).toEqual(['a/p', 'a/p']);
});

test('refreshAhead has the next value loaded before the TTL ends (#41)', async () => {
  const { store, loads } = new Plans({ maxStaleness: '1h', ttlSeconds: 1, refreshAhead: 0.01 });
  await store.get(['a', 'p']);
  await until(() => {
    store.peek(['a', 'p']);
    return loads.length > 1;
  });
});
