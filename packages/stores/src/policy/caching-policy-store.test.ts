// One process and no Redis: what the decorator does by itself. Coherence between instances is in the stack test.
import { createCache, type Cache } from '@tidemark/cache';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describePolicyStore } from '../testing/policy-store-suite.ts';
import { somePolicy } from '../testing/policy-arbitrary.ts';
import { WatchedPolicyStore } from '../testing/watched-policy-store.ts';
import { CachingPolicyStore } from './caching-policy-store.ts';
import { InMemoryPolicyStore } from './in-memory-policy-store.ts';

/** Long enough for an entry to outlive any test. */
const maxStaleness = '1h';

let cache: Cache;
let backing: WatchedPolicyStore;
let store: CachingPolicyStore;

beforeEach(() => {
  cache = createCache();
  backing = new WatchedPolicyStore();
  store = new CachingPolicyStore(backing, cache, { maxStaleness });
});

afterEach(() => cache.close());

const suiteStores = {
  on: new CachingPolicyStore(new InMemoryPolicyStore(), createCache(), { maxStaleness }),
  off: new CachingPolicyStore(new InMemoryPolicyStore(), createCache(), { maxStaleness, isEnabled: false }),
};
describePolicyStore('CachingPolicyStore', { store: () => suiteStores.on, runs: 200 });
describePolicyStore('CachingPolicyStore that is switched off', { store: () => suiteStores.off, runs: 200 });

describe('a read (#6, #43)', () => {
  test('that misses asks the backing store and fills; the next one does not ask it', async () => {
    await backing.setPolicy(somePolicy());
    expect(await store.getPolicy('test-tenant')).toStrictEqual(somePolicy());
    expect(await store.getPolicy('test-tenant')).toStrictEqual(somePolicy());
    expect(backing.reads).toEqual(['test-tenant']);
  });

  test('of a tenant without a policy is cached too', async () => {
    expect(await store.getPolicy('nobody')).toBeNull();
    expect(await store.getPolicy('nobody')).toBeNull();
    expect(backing.reads).toEqual(['nobody']);
  });

  test('that is to be fresh asks the backing store, whatever is cached (R3)', async () => {
    await store.getPolicy('test-tenant');
    await backing.setPolicy(somePolicy());
    expect(await store.getPolicy('test-tenant', { fresh: true })).toStrictEqual(somePolicy());
  });

  test('shares its load with the others who ask meanwhile (R5)', async () => {
    await backing.setPolicy(somePolicy());
    await Promise.all(Array.from({ length: 50 }, () => store.getPolicy('test-tenant')));
    expect(backing.reads).toHaveLength(1);
  });

  test('gives a frozen policy, because others share it', async () => {
    await store.setPolicy(somePolicy({ tasks: [{ task: 't', model: 'm', provider: 'p' }] }));
    const policy = await store.getPolicy('test-tenant');
    expect(Object.isFrozen(policy)).toBe(true);
    expect(Object.isFrozen(policy?.tasks[0])).toBe(true);
  });

  test('fails with the error of the backing store, and the next one asks again', async () => {
    backing.next.failure = { error: new Error('the database is down'), isAfterTheWork: false };
    await expect(store.getPolicy('test-tenant')).rejects.toThrow('the database is down');
    expect(await store.getPolicy('test-tenant')).toBeNull();
  });

  test('hands the backing store a signal', async () => {
    await store.getPolicy('test-tenant');
    expect(backing.signals[0]).toBeInstanceOf(AbortSignal);
  });

  test('that is refused asks nobody', async () => {
    await expect(store.getPolicy('global')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(backing.reads).toEqual([]);
  });
});

describe('a write (#6)', () => {
  const changed = somePolicy({ defaultModel: 'changed' });

  beforeEach(async () => {
    await backing.setPolicy(somePolicy());
    await store.getPolicy('test-tenant');
  });

  test('is followed by the new policy', async () => {
    await store.setPolicy(changed, { updatedBy: 'admin' });
    expect(backing.writes.at(-1)).toEqual({ updatedBy: 'admin' });
    expect(await store.getPolicy('test-tenant')).toStrictEqual(changed);
  });

  test('that is a delete is followed by no policy', async () => {
    await store.deletePolicy('test-tenant');
    expect(await store.getPolicy('test-tenant')).toBeNull();
  });

  test('whose outcome is unknown invalidates: the next read shows what the database holds (R3)', async () => {
    backing.next.failure = { error: new Error('no answer'), isAfterTheWork: true };
    await expect(store.setPolicy(changed)).rejects.toThrow('no answer');
    expect(await store.getPolicy('test-tenant')).toStrictEqual(changed);
  });

  test('that is a delete of unknown outcome invalidates too (R3)', async () => {
    backing.next.failure = { error: new Error('no answer'), isAfterTheWork: true };
    await expect(store.deletePolicy('test-tenant')).rejects.toThrow('no answer');
    expect(await store.getPolicy('test-tenant')).toBeNull();
  });

  test('that a read overlaps leaves nothing old: the database comes first (R3)', async () => {
    backing.next.before = () => store.getPolicy('test-tenant');
    await store.setPolicy(changed);
    expect(await store.getPolicy('test-tenant')).toStrictEqual(changed);
    backing.next.before = () => store.getPolicy('test-tenant');
    await store.deletePolicy('test-tenant');
    expect(await store.getPolicy('test-tenant')).toBeNull();
  });

  test('that is refused leaves the entry in place', async () => {
    await expect(store.setPolicy({ ...changed, egressMode: 'x' as 'off' })).rejects.toThrow();
    expect(await store.getPolicy('test-tenant')).toStrictEqual(somePolicy());
    expect(backing.reads).toHaveLength(1);
  });
});

describe('switched off (#6, #30)', () => {
  test('every read asks the backing store', async () => {
    const off = new CachingPolicyStore(backing, createCache(), { isEnabled: false });
    await off.setPolicy(somePolicy());
    await off.getPolicy('test-tenant');
    await backing.setPolicy(somePolicy({ defaultModel: 'changed behind its back' }));
    expect((await off.getPolicy('test-tenant'))?.defaultModel).toBe('changed behind its back');
    expect(backing.reads).toHaveLength(2);
  });
});

describe('the options (#6, #31)', () => {
  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuse %d seconds', (ttlSeconds) => {
    expect(() => new CachingPolicyStore(backing, cache, { ttlSeconds, keyPrefix: 'other' })).toThrow(
      `ttlSeconds must be a whole number above 0, got ${ttlSeconds}`,
    );
  });

  test('refuse what nobody knows', () => {
    const options = { ttl: 3, keyPrefix: 'other' };
    expect(() => new CachingPolicyStore(backing, cache, options)).toThrow(
      /^a caching store must be given known options only \(.*\), got ttl$/,
    );
  });

  test('let a second store live on one cache under another key prefix', async () => {
    const second = new WatchedPolicyStore();
    await second.setPolicy(somePolicy());
    const other = new CachingPolicyStore(second, cache, { keyPrefix: 'llm:draft-policy' });
    expect(await store.getPolicy('test-tenant')).toBeNull();
    expect(await other.getPolicy('test-tenant')).toStrictEqual(somePolicy());
  });

  test('refuse a second store under the same one', () => {
    expect(() => new CachingPolicyStore(backing, cache)).toThrow(/"llm:policy"/);
  });
});
