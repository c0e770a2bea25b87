// One process and no Redis: which writes of paths drop the cached conversation. The processes are in the stack tests.
import { createCache, type Cache } from '@tidemark/cache';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CachingConversationStore } from '../conversation/caching-conversation-store.ts';
import type { ConversationRecord } from '../conversation/conversation.ts';
import { InMemoryConversationData } from '../conversation/in-memory-conversation-data.ts';
import { InMemoryConversationStore } from '../conversation/in-memory-conversation-store.ts';
import { describePathMerges } from '../testing/path-merge-suite.ts';
import { describePathRefusals } from '../testing/path-refusals-suite.ts';
import { describePathStore } from '../testing/path-store-suite.ts';
import { openScene, type PathScene } from '../testing/path-stores-under-test.ts';
import { InMemoryConversationPathStore } from './in-memory-path-store.ts';
import { InvalidatingConversationPathStore } from './invalidating-path-store.ts';
import type { ConversationPathStore } from './path-store.ts';
import type { ConversationPath } from './path.ts';

const suiteData = new InMemoryConversationData();
const suiteConversations = new CachingConversationStore(
  new InMemoryConversationStore(suiteData),
  createCache(),
  { maxStaleness: '1h' },
);
const suiteStores = {
  paths: new InvalidatingConversationPathStore(
    new InMemoryConversationPathStore(suiteData),
    suiteConversations,
  ),
  conversations: suiteConversations,
};
describePathStore('InvalidatingConversationPathStore', () => suiteStores);
describePathMerges('InvalidatingConversationPathStore', () => suiteStores);
describePathRefusals('InvalidatingConversationPathStore', () => suiteStores);

let cache: Cache;
let conversations: CachingConversationStore;
let backing: InMemoryConversationPathStore;
let scene: PathScene;
let branch: ConversationPath;

beforeEach(async () => {
  cache = createCache();
  const data = new InMemoryConversationData();
  conversations = new CachingConversationStore(new InMemoryConversationStore(data), cache, {
    maxStaleness: '1h',
  });
  backing = new InMemoryConversationPathStore(data);
  scene = await openScene({ paths: backing, conversations });
  branch = await backing.branchFromMessage({ tenantId: scene.tenantId, messageId: scene.messageIds[0] });
});

afterEach(() => cache.close());

const read = async (): Promise<ConversationRecord> => {
  const { tenantId, conversationId } = scene;
  return (await conversations.getConversation({ tenantId, conversationId }))!;
};

/** Brings about something to see, and reads the conversation into L1. */
async function prepare(activePathId: string | undefined): Promise<ConversationRecord> {
  const { tenantId, conversationId } = scene;
  if (activePathId !== undefined) {
    await backing.setActivePath({ tenantId, conversationId, pathId: activePathId });
  }
  await conversations.writeRow(conversationId, () => Promise.resolve());
  return read();
}

interface RowWrite {
  readonly what: string;
  readonly isActiveBefore: boolean;
  readonly write: (paths: ConversationPathStore) => Promise<unknown>;
  readonly activeAfter: () => string | undefined;
}

const writes: readonly RowWrite[] = [
  {
    what: 'setActivePath',
    isActiveBefore: false,
    write: (paths) => paths.setActivePath({ ...conversationOf(scene), pathId: branch.id }),
    activeAfter: () => branch.id,
  },
  {
    what: 'ensurePrimaryPath',
    isActiveBefore: false,
    write: (paths) => paths.ensurePrimaryPath(conversationOf(scene)),
    activeAfter: () => scene.primary.id,
  },
  {
    what: 'deletePath of the active path',
    isActiveBefore: true,
    write: (paths) => paths.deletePath({ tenantId: scene.tenantId, pathId: branch.id }),
    activeAfter: () => undefined,
  },
  {
    what: 'mergePath of the active path',
    isActiveBefore: true,
    write: (paths) =>
      paths.mergePath({
        tenantId: scene.tenantId,
        sourcePathId: branch.id,
        targetPathId: scene.primary.id,
        mode: 'full',
      }),
    activeAfter: () => scene.primary.id,
  },
];

function conversationOf({ tenantId, conversationId }: PathScene): {
  readonly tenantId: string;
  readonly conversationId: string;
} {
  return { tenantId, conversationId };
}

/** Does the work of a write, and then loses the answer. */
function withoutAnswers(paths: ConversationPathStore): ConversationPathStore {
  return new Proxy(paths, {
    get: (target, method: keyof ConversationPathStore) => {
      const call = target[method].bind(target) as (...parameters: readonly unknown[]) => Promise<unknown>;
      if (method === 'getPath') return call;
      return async (...parameters: readonly unknown[]): Promise<unknown> => {
        await call(...parameters);
        throw new Error('no answer');
      };
    },
  });
}

describe.each(writes)('$what (#13, #15)', ({ isActiveBefore, write, activeAfter }) => {
  test('is followed by the new conversation (R3)', async () => {
    const before = await prepare(isActiveBefore ? branch.id : undefined);
    expect(before.activePathId).toBe(isActiveBefore ? branch.id : undefined);
    await write(new InvalidatingConversationPathStore(backing, conversations));
    expect((await read()).activePathId).toBe(activeAfter());
  });

  test('invalidates also when its outcome is unknown (R3)', async () => {
    await prepare(isActiveBefore ? branch.id : undefined);
    const paths = new InvalidatingConversationPathStore(withoutAnswers(backing), conversations);
    await expect(write(paths)).rejects.toThrow('no answer');
    expect((await read()).activePathId).toBe(activeAfter());
  });

  test('past the decorator would leave the old one: the entry was there to be dropped', async () => {
    const before = await prepare(isActiveBefore ? branch.id : undefined);
    await write(backing);
    expect(await read()).toStrictEqual(before);
  });
});

test('a write that is refused before it is sent leaves the entry in place (#13)', async () => {
  const before = await prepare(undefined);
  const paths = new InvalidatingConversationPathStore(backing, conversations);
  await backing.setActivePath({ ...conversationOf(scene), pathId: branch.id });
  await expect(paths.setActivePath({ ...conversationOf(scene), pathId: '' })).rejects.toThrow();
  await expect(
    paths.mergePath({ tenantId: 't', sourcePathId: 'x', targetPathId: 'x', mode: 'full' }),
  ).rejects.toThrow();
  expect(await read()).toStrictEqual(before);
});
