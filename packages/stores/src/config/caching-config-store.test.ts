// One process and no Redis: what the decorator does by itself. Coherence between instances is in the stack test.
import { createCache, type Cache } from '@tidemark/cache';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { describeConfigStore } from '../testing/config-store-suite.ts';
import { WatchedConfigStore } from '../testing/watched-config-store.ts';
import { CachingConversationConfigStore } from './caching-config-store.ts';
import type { ConversationConfigStore } from './config-store.ts';
import { InMemoryConversationConfigStore } from './in-memory-config-store.ts';

/** Long enough for an entry to outlive any test. */
const maxStaleness = '1h' as const;

let cache: Cache;
let backing: WatchedConfigStore;
let store: CachingConversationConfigStore;

beforeEach(() => {
  cache = createCache();
  backing = new WatchedConfigStore();
  store = new CachingConversationConfigStore(backing, cache, { maxStaleness });
});

afterEach(() => cache.close());

function overMemory(isEnabled: boolean): CachingConversationConfigStore {
  const options = { maxStaleness, isEnabled };
  return new CachingConversationConfigStore(new InMemoryConversationConfigStore(), createCache(), options);
}
const suiteStores = { on: overMemory(true), off: overMemory(false) };
describeConfigStore('CachingConversationConfigStore', { store: () => suiteStores.on, runs: 100 });
describeConfigStore('CachingConversationConfigStore that is switched off', {
  store: () => suiteStores.off,
  runs: 100,
});

const ann = { tenantId: 't', userId: 'ann' };
const bob = { tenantId: 't', userId: 'bob' };

describe('a read (#10)', () => {
  test('that is cold asks the backing store once, for all levels', async () => {
    await store.getConfig(ann);
    expect(backing.reads).toEqual([['global', 't', ['t', 'ann']]]);
    expect(backing.signals[0]).toBeInstanceOf(AbortSignal);
  });

  test('that hits asks nobody and gives the identical object', async () => {
    await backing.setTenantConfig({ tenantId: 't', config: { mergeMaxMessages: 7 } });
    await backing.setUserConfig({ ...bob, config: {} });
    const first = { ann: await store.getConfig(ann), bob: await store.getConfig(bob) };
    for (let read = 0; read < 20; read += 1) {
      expect(await store.getConfig(ann)).toBe(first.ann);
      expect(await store.getConfig(bob)).toBe(first.bob);
    }
    expect(backing.reads).toHaveLength(2);
  });

  test('of a user without a row gives what the tenant gets, the identical object', async () => {
    await backing.setTenantConfig({ tenantId: 't', config: { mergeMaxMessages: 7 } });
    const ofTenant = await store.getConfig({ tenantId: 't' });
    expect(await store.getConfig(ann)).toBe(ofTenant);
    expect(await store.getConfig(bob)).toBe(ofTenant);
  });

  test('of another user asks only for what is new', async () => {
    await store.getConfig(ann);
    await store.getConfig(bob);
    await store.getConfig({ tenantId: 'other' });
    expect(backing.reads.slice(1)).toEqual([[['t', 'bob']], ['other']]);
  });

  test('without any row is cached too', async () => {
    const first = await store.getConfig(ann);
    expect(first.updatedAt).toEqual(new Date(0));
    expect(await store.getConfig(ann)).toBe(first);
    expect(backing.reads).toHaveLength(1);
  });

  test('that is to be fresh asks the backing store for every level (R3)', async () => {
    await store.getConfig(ann);
    await backing.setGlobalConfig({ mergeMaxMessages: 1 });
    await backing.setTenantConfig({ tenantId: 't', config: { pathMaxMessages: 2 } });
    await backing.setUserConfig({ ...ann, config: { pathSlidingWindowSize: 3 } });
    expect((await store.getConfig(ann)).configLevel).toBe('global');
    expect(await store.getConfig(ann, { fresh: true })).toMatchObject({
      mergeMaxMessages: 1,
      pathMaxMessages: 2,
      pathSlidingWindowSize: 3,
    });
  });

  test('shares its load with the others who ask meanwhile (R5)', async () => {
    await Promise.all(Array.from({ length: 50 }, () => store.getConfig(ann)));
    expect(backing.reads).toHaveLength(1);
  });

  test('gives a frozen config, because others share it', async () => {
    await backing.setUserConfig({ ...ann, config: {} });
    expect(Object.isFrozen(await store.getConfig(ann))).toBe(true);
  });

  test('fails with the error of the backing store', async () => {
    const reading = vi.spyOn(backing, 'getLevels').mockRejectedValue(new Error('the database is down'));
    await expect(store.getConfig(ann)).rejects.toThrow('the database is down');
    reading.mockRestore();
    expect((await store.getConfig(ann)).configLevel).toBe('global');
  });

  test('that is refused asks nobody, also with everything in L1', async () => {
    await store.getConfig(ann);
    await expect(store.getConfig({ tenantId: 'global' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(store.getConfig({ tenantId: 't', userId: '' })).rejects.toThrow();
    expect(backing.reads).toHaveLength(1);
  });
});

const changed = { mergeMaxMessages: 42 };

const writes: readonly [string, (to: ConversationConfigStore) => Promise<void>][] = [
  ['everybody', (to) => to.setGlobalConfig(changed, 'admin')],
  ['its tenant', (to) => to.setTenantConfig({ tenantId: 't', config: changed, updatedBy: 'admin' })],
  ['the user', (to) => to.setUserConfig({ ...ann, config: changed, updatedBy: 'admin' })],
];

describe.each(writes)('a set for %s (#10)', (_, write) => {
  beforeEach(() => store.getConfig(ann));

  test('is followed by the new config (R3)', async () => {
    await write(store);
    expect(backing.writes).toEqual([expect.objectContaining({ config: changed, updatedBy: 'admin' })]);
    expect(await store.getConfig(ann)).toMatchObject({ ...changed, updatedBy: 'admin' });
  });

  test('costs one entry: the other levels are not asked for again', async () => {
    await write(store);
    await store.getConfig(ann);
    expect(backing.reads.slice(1)).toHaveLength(1);
    expect(backing.reads[1]).toHaveLength(1);
  });

  test('whose outcome is unknown invalidates: the next read shows what the database holds (R3)', async () => {
    backing.next.failure = { error: new Error('no answer'), isAfterTheWork: true };
    await expect(write(store)).rejects.toThrow('no answer');
    expect(await store.getConfig(ann)).toMatchObject(changed);
  });

  test('that a read overlaps leaves nothing old: the database comes first (R3)', async () => {
    backing.next.before = () => store.getConfig(ann);
    await write(store);
    expect(await store.getConfig(ann)).toMatchObject(changed);
  });

  test('behind its back is not seen, which shows that the rest of these tests prove something', async () => {
    await write(backing);
    expect(await store.getConfig(ann)).not.toMatchObject(changed);
  });
});

const deletes: readonly [string, (to: ConversationConfigStore) => Promise<void>][] = [
  ['the tenant', (to) => to.deleteTenantConfig('t')],
  ['the user', (to) => to.deleteUserConfig(ann)],
];

describe.each(deletes)('a delete for %s (#10)', (whose, remove) => {
  const level = whose === 'the user' ? 'user' : 'tenant';

  beforeEach(async () => {
    await backing.setTenantConfig({ tenantId: 't', config: changed });
    if (level === 'user') await backing.setUserConfig({ ...ann, config: { pathMaxMessages: 1 } });
    expect((await store.getConfig(ann)).configLevel).toBe(level);
  });

  test('is followed by the next wider level (R3)', async () => {
    await remove(store);
    expect((await store.getConfig(ann)).configLevel).not.toBe(level);
  });

  test('of unknown outcome invalidates too (R3)', async () => {
    backing.next.failure = { error: new Error('no answer'), isAfterTheWork: true };
    await expect(remove(store)).rejects.toThrow('no answer');
    expect((await store.getConfig(ann)).configLevel).not.toBe(level);
  });
});

test('a refused set leaves the entries in place', async () => {
  await store.getConfig(ann);
  const config = { mergeMaxMessages: 0 };
  await expect(store.setGlobalConfig(config)).rejects.toThrow();
  await expect(store.setTenantConfig({ tenantId: 't', config })).rejects.toThrow();
  await expect(store.setUserConfig({ ...ann, config })).rejects.toThrow();
  await store.getConfig(ann);
  expect(backing.reads).toHaveLength(1);
});

test('switched off, a read is one of the backing store', async () => {
  const off = new CachingConversationConfigStore(backing, createCache(), { isEnabled: false });
  await off.getConfig(ann);
  await backing.setGlobalConfig(changed);
  expect(await off.getConfig(ann)).toMatchObject(changed);
  expect(backing.reads).toHaveLength(2);
});

describe('the options', () => {
  test('let a second store live on one cache under another key prefix', async () => {
    const second = new WatchedConfigStore();
    await second.setGlobalConfig(changed);
    const other = new CachingConversationConfigStore(second, cache, { keyPrefix: 'conv:draft-config' });
    expect(await store.getConfig(ann)).not.toMatchObject(changed);
    expect(await other.getConfig(ann)).toMatchObject(changed);
  });

  test('refuse a second store under the same one', () => {
    expect(() => new CachingConversationConfigStore(backing, cache)).toThrow(/"conv:config"/);
  });
});
