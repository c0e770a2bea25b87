// One process and no Redis: what the decorator does by itself. Coherence between instances is in the stack test.
import { createCache, type Cache } from '@tidemark/cache';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeConversationHistories } from '../testing/conversation-history.ts';
import { describeConversationLists } from '../testing/conversation-list-suite.ts';
import { describeConversationStore } from '../testing/conversation-store-suite.ts';
import type { ConversationStoreUnderTest } from '../testing/conversation-under-test.ts';
import { WatchedConversationStore } from '../testing/watched-conversation-store.ts';
import { CachingConversationStore } from './caching-conversation-store.ts';
import type { ConversationRecord } from './conversation.ts';
import { InMemoryConversationData } from './in-memory-conversation-data.ts';

/** Long enough for an entry to outlive any test. */
const maxStaleness = '1h';

let cache: Cache;
let backing: WatchedConversationStore;
let store: CachingConversationStore;
let conversationId: string;

const tenantId = 'acme';
const ann = { tenantId, userId: 'ann' };
const bob = { tenantId, userId: 'bob' };
const foreign = { tenantId: 'umbrella', userId: 'ann' };

const read = (caller: { tenantId: string; userId?: string }): Promise<ConversationRecord | null> =>
  store.getConversation({ ...caller, conversationId });

beforeEach(async () => {
  cache = createCache();
  backing = new WatchedConversationStore(new InMemoryConversationData());
  store = new CachingConversationStore(backing, cache, { maxStaleness });
  ({ conversationId } = await backing.createConversation({ ...ann, title: 'old' }));
});

afterEach(() => cache.close());

function underTest(isEnabled: boolean): ConversationStoreUnderTest {
  const source = new WatchedConversationStore(new InMemoryConversationData());
  const caching = new CachingConversationStore(source, createCache(), { maxStaleness, isEnabled });
  return {
    store: () => caching,
    plant: (id, changes) => caching.writeRow(id, async () => source.plant(id, changes)),
    runs: 100,
  };
}

for (const [name, subject] of [
  ['CachingConversationStore', underTest(true)],
  ['CachingConversationStore that is switched off', underTest(false)],
] as const) {
  describeConversationStore(name, subject);
  describeConversationLists(name, subject);
  describeConversationHistories(name, subject);
}

describe('a read (#13, #43)', () => {
  test('that misses asks the backing store and fills; the next one does not ask it', async () => {
    expect(await read(ann)).toMatchObject({ id: conversationId, title: 'old' });
    expect(await read(ann)).toMatchObject({ id: conversationId, title: 'old' });
    expect(backing.reads).toEqual([conversationId]);
  });

  test('of what is not there is cached too', async () => {
    const missing = { ...ann, conversationId: 'nobody knows it' };
    expect(await store.getConversation(missing)).toBeNull();
    expect(await store.getConversation(missing)).toBeNull();
    expect(backing.reads).toEqual(['nobody knows it']);
  });

  test('that is to be fresh asks the backing store, whatever is cached (R3)', async () => {
    await read(ann);
    backing.plant(conversationId, { title: 'new' });
    expect((await read(ann))?.title).toBe('old');
    const fresh = await store.getConversation({ ...ann, conversationId }, { fresh: true });
    expect(fresh?.title).toBe('new');
  });

  test('shares its load with all who ask meanwhile, and each gets what is for them (R5, #44)', async () => {
    const callers = Array.from({ length: 50 }, (_, index) => [ann, bob, foreign][index % 3] ?? ann);
    const answers = await Promise.all(callers.map(read));
    expect(backing.reads).toHaveLength(1);
    expect(answers.map((answer) => answer !== null)).toEqual(callers.map((caller) => caller === ann));
  });

  test('gives dates as dates, and a frozen conversation, because others share it', async () => {
    const conversation = await read(ann);
    expect(conversation?.createdAt).toBeInstanceOf(Date);
    expect(Object.isFrozen(conversation)).toBe(true);
    expect(Object.isFrozen(conversation?.jurisdictions)).toBe(true);
  });

  test('fails with the error of the backing store, and the next one asks again', async () => {
    backing.next.failure = { error: new Error('the database is down'), isAfterTheWork: false };
    await expect(read(ann)).rejects.toThrow('the database is down');
    expect(await read(ann)).not.toBeNull();
  });

  test('hands the backing store a signal', async () => {
    await read(ann);
    expect(backing.signals[0]).toBeInstanceOf(AbortSignal);
  });

  test('that is refused asks nobody', async () => {
    await expect(read({ tenantId: 'global' })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(backing.reads).toEqual([]);
  });

  test('of messages or of a list is never cached', async () => {
    await store.appendMessage({ ...ann, conversationId, role: 'user', content: 'one' });
    expect(await store.getMessages({ ...ann, conversationId })).toHaveLength(1);
    await backing.appendMessage({ ...ann, conversationId, role: 'user', content: 'two' });
    expect(await store.getMessages({ ...ann, conversationId })).toHaveLength(2);
    backing.plant(conversationId, { title: 'new' });
    expect((await store.listConversations(ann)).conversations).toMatchObject([{ title: 'new' }]);
  });
});

interface Visibility {
  readonly what: string;
  readonly changes: Partial<ConversationRecord>;
  readonly isForBob: boolean;
}

const visibilities: readonly Visibility[] = [
  { what: 'private', changes: {}, isForBob: false },
  { what: 'private, with an access for nobody', changes: { tenantAccess: 'edit' }, isForBob: false },
  { what: 'shared with the tenant', changes: { shareAudience: 'tenant' }, isForBob: true },
  { what: 'public', changes: { shareAudience: 'public' }, isForBob: true },
  {
    what: 'left to another model',
    changes: { shareAudience: 'public', authorizationModel: 'openfga' },
    isForBob: false,
  },
  {
    what: 'left to another model that falls back to the tenant',
    changes: {
      authorizationModel: 'openfga',
      authorizationSpec: { fallbackShareAudience: 'tenant' },
    },
    isForBob: true,
  },
];

describe.each(visibilities)('a conversation that is $what (#12, #13)', ({ changes, isForBob }) => {
  beforeEach(() => {
    backing.plant(conversationId, changes);
  });

  test.each([
    ['cold', null],
    ['warmed by its owner', ann],
    ['warmed by another user', bob],
    ['warmed by another tenant', foreign],
    ['warmed by nobody in particular', { tenantId }],
  ])('is shown to those it is for and to nobody else: %s', async (_, warmer) => {
    if (warmer !== null) await read(warmer);
    expect((await read(ann))?.id).toBe(conversationId);
    expect((await read(bob)) !== null).toBe(isForBob);
    expect((await read({ tenantId })) !== null).toBe(isForBob);
    expect(await read(foreign)).toBeNull();
    expect(await read({ tenantId: 'umbrella' })).toBeNull();
    expect(backing.reads).toHaveLength(1);
  });

  test('is shown to its owner alone once its sharing is withdrawn', async () => {
    await read(bob);
    await store.updateSharing({ ...ann, conversationId, shareAudience: 'private' });
    if (changes.authorizationModel === 'openfga') {
      await store.writeRow(conversationId, async () =>
        backing.plant(conversationId, { authorizationSpec: { fallbackShareAudience: 'private' } }),
      );
    }
    for (const [caller, isShown] of [
      [bob, false],
      [ann, true],
      [foreign, false],
      [bob, false],
    ] as const) {
      expect((await read(caller)) !== null).toBe(isShown);
    }
  });
});

test('a foreign tenant neither evicts the entry nor fills it with what is not so (#13)', async () => {
  await read(ann);
  for (let times = 0; times < 3; times += 1) expect(await read(foreign)).toBeNull();
  expect(await read(ann)).toMatchObject({ tenantId, title: 'old' });
  expect(backing.reads).toHaveLength(1);

  const other = await backing.createConversation(ann);
  const target = { conversationId: other.conversationId };
  expect(await store.getConversation({ ...foreign, ...target })).toBeNull();
  expect(await store.getConversation({ ...ann, ...target })).toMatchObject({ tenantId });
});

interface Write {
  readonly what: string;
  readonly act: () => Promise<unknown>;
  readonly shows: Partial<ConversationRecord>;
}

const target = (): { tenantId: string; userId: string; conversationId: string } => ({
  ...ann,
  conversationId,
});

const writes: readonly Write[] = [
  {
    what: 'appendMessage',
    act: () => store.appendMessage({ ...target(), role: 'user', content: 'x' }),
    shows: { lastMessageAt: expect.any(Date) as Date },
  },
  {
    what: 'updateSharing',
    act: () => store.updateSharing({ ...target(), shareAudience: 'tenant', title: 'new' }),
    shows: { shareAudience: 'tenant', title: 'new' },
  },
  {
    what: 'setArchivedState',
    act: () => store.setArchivedState({ ...target(), archived: true }),
    shows: { archivedAt: expect.any(Date) as Date },
  },
  {
    what: 'softDeleteMessage',
    // The row itself does not change; what was planted meanwhile shows that its entry is gone.
    act: async () => {
      backing.plant(conversationId, { title: 'planted' });
      await store.softDeleteMessage({ ...target(), messageId: 'any' });
    },
    shows: { title: 'planted' },
  },
];

describe.each(writes)('$what', ({ act, shows }) => {
  beforeEach(() => read(ann));

  test('is followed by what it wrote (R3, #13)', async () => {
    await act();
    expect(await read(ann)).toMatchObject(shows);
  });

  test('of unknown outcome invalidates: the next read shows what the database holds (R3, #13)', async () => {
    backing.next.failure = { error: new Error('no answer'), isAfterTheWork: true };
    await expect(act()).rejects.toThrow('no answer');
    expect(await read(ann)).toMatchObject(shows);
  });

  test('that a read overlaps leaves nothing old: the database comes first (R3, #13)', async () => {
    backing.next.before = () => read(ann);
    await act();
    expect(await read(ann)).toMatchObject(shows);
  });
});

test('the write of another store is followed by what it wrote (R3, #13)', async () => {
  await read(ann);
  const written = await store.writeRow(conversationId, async () => {
    backing.plant(conversationId, { activePathId: 'p' });
    return 'its answer';
  });
  expect(written).toBe('its answer');
  expect(await read(ann)).toMatchObject({ activePathId: 'p' });
});

test('a write of another store that fails half way invalidates (R3, #13)', async () => {
  await read(ann);
  const failure = store.writeRow(conversationId, async () => {
    backing.plant(conversationId, { activePathId: 'p' });
    throw new Error('no answer');
  });
  await expect(failure).rejects.toThrow('no answer');
  expect(await read(ann)).toMatchObject({ activePathId: 'p' });
});

test('a write whose input is refused leaves the entry in place', async () => {
  await read(ann);
  const refused = { ...target(), shareAudience: 'world' as 'public' };
  await expect(store.updateSharing(refused)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await expect(
    store.appendMessage({ ...target(), role: 'tool' as 'user', content: '' }),
  ).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await read(ann);
  expect(backing.reads).toHaveLength(1);
});

test('switched off, every read asks the backing store', async () => {
  const off = new CachingConversationStore(backing, createCache(), { isEnabled: false });
  await off.getConversation(target());
  await off.getConversation(target());
  expect(backing.reads).toHaveLength(2);
});

test('the options refuse a second store under the same key prefix, and what nobody knows', () => {
  expect(() => new CachingConversationStore(backing, cache)).toThrow(/"conv:conversation"/);
  const options = { ttl: 3, keyPrefix: 'other' };
  expect(() => new CachingConversationStore(backing, cache, options)).toThrow(/got ttl$/);
});
