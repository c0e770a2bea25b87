// Conversations across instances: processes of their own that share nothing but PostgreSQL and Redis.
import { startStack, type Stack, until } from '@tidemark/devstack';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anonymousWriters, conversationWriters, type WriterScene } from '../testing/conversation-writers.ts';
import { ForkedInstance } from '../testing/forked-instance.ts';
import type { ConversationRecord } from './conversation.ts';

let stack: Stack;
let database: Client;
let writer: ForkedInstance;
let reader: ForkedInstance;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  database = new Client({ connectionString: stack.databaseUrl });
  await database.connect();
  [writer, reader] = await Promise.all([ForkedInstance.start(stack), ForkedInstance.start(stack)]);
});

afterAll(async () => {
  await Promise.all([writer[Symbol.asyncDispose](), reader[Symbol.asyncDispose]()]);
  await database.end();
  await stack.close();
});

const ann = { tenantId: 'acme', userId: 'ann' };

async function sceneOf(shareAudience: 'private' | 'tenant' = 'private'): Promise<WriterScene> {
  const { conversations, paths } = writer.stores;
  const { conversationId } = await conversations.createConversation({ ...ann, shareAudience });
  return { conversations, paths, database, target: { ...ann, conversationId } };
}

/** Both instances hold it in L1. */
async function warm({ target }: WriterScene): Promise<void> {
  for (const instance of [writer, reader]) {
    await instance.stores.conversations.getConversation(target, { fresh: true });
    await instance.stores.conversations.getConversation(target);
  }
}

const writers = Object.entries({ ...conversationWriters, ...anonymousWriters });

describe.each(writers)('what %s wrote (#13, #44)', (_, { prepare, write, isSeenIn }) => {
  const read = (
    instance: ForkedInstance,
    { target }: WriterScene,
    options = {},
  ): Promise<ConversationRecord | null> => instance.stores.conversations.getConversation(target, options);

  test('is read through another at once when the read is fresh, and then by every read (R2, R3)', async () => {
    const scene = await sceneOf();
    await prepare?.(scene);
    await warm(scene);
    expect(isSeenIn(await read(reader, scene))).toBe(false);
    await write(scene);
    expect(isSeenIn(await read(reader, scene, { fresh: true }))).toBe(true);
    expect(isSeenIn(await read(reader, scene))).toBe(true);
  });

  test('is read through another soon, and never the old one after the new (R1, R2)', async () => {
    const scene = await sceneOf();
    await prepare?.(scene);
    await warm(scene);
    const seen: boolean[] = [];
    await write(scene);
    await until(
      async () => {
        seen.push(isSeenIn(await read(reader, scene)));
        return seen.length >= 20 && seen.slice(-20).every(Boolean);
      },
      { what: 'the new conversation at the reader', everyMs: 1 },
    );
    expect(seen.slice(seen.indexOf(true)).every(Boolean)).toBe(true);
  });
});

describe.each(Object.entries(conversationWriters).filter(([name]) => !name.endsWith('_exists')))(
  'after %s',
  (_, { prepare, write, isSeenIn }) => {
    test('the writing instance reads its own write next (R3)', async () => {
      const scene = await sceneOf();
      await prepare?.(scene);
      await warm(scene);
      await write(scene);
      expect(isSeenIn(await writer.stores.conversations.getConversation(scene.target))).toBe(true);
    });
  },
);

test('a message that was deleted is gone from every instance (#44)', async () => {
  const { conversations, target } = await sceneOf();
  const { messageId } = await conversations.appendMessage({ ...target, role: 'user', content: 'a secret' });
  expect(await reader.stores.conversations.getMessages(target)).toHaveLength(1);
  await conversations.softDeleteMessage({ ...target, messageId });
  expect(await reader.stores.conversations.getMessages(target)).toEqual([]);
});

describe('a sharing that one instance withdraws (#12, #13)', () => {
  const bob = (conversationId: string): { tenantId: string; userId: string; conversationId: string } => ({
    tenantId: 'acme',
    userId: 'bob',
    conversationId,
  });

  test('is withdrawn on another one at once for a fresh read, and soon for every other', async () => {
    const scene = await sceneOf('tenant');
    const asBob = bob(scene.target.conversationId);
    const atReader = reader.stores.conversations;
    await warm(scene);
    expect(await atReader.getConversation(asBob)).not.toBeNull();

    await scene.conversations.updateSharing({ ...scene.target, shareAudience: 'private' });
    expect(await scene.conversations.getConversation(asBob)).toBeNull();
    expect(await atReader.getConversation(asBob, { fresh: true })).toBeNull();
    expect(await atReader.getMessages(asBob)).toBeNull();
    await until(async () => (await atReader.getConversation(asBob)) === null, { what: 'no view for bob' });
    expect(await atReader.getConversation(scene.target)).not.toBeNull();
  });

  test('stops a write that another instance would have let through', async () => {
    const scene = await sceneOf('tenant');
    await scene.conversations.updateSharing({ ...scene.target, tenantAccess: 'edit' });
    const asBob = { ...bob(scene.target.conversationId), role: 'user', content: 'hello' } as const;
    await reader.stores.conversations.appendMessage(asBob);
    await scene.conversations.updateSharing({ ...scene.target, tenantAccess: 'view' });
    await expect(reader.stores.conversations.appendMessage(asBob)).rejects.toThrow('must be appended to by');
  });
});

test('many instances that append at once lose no message and give no number twice (#11, #44)', async () => {
  const { target } = await sceneOf();
  await Promise.all(
    [writer, reader].flatMap((instance, index) =>
      Array.from({ length: 10 }, (_, number) =>
        instance.stores.conversations.appendMessage({
          ...target,
          role: 'user',
          content: `${index}-${number}`,
        }),
      ),
    ),
  );
  const messages = (await reader.stores.conversations.getMessages(target)) ?? [];
  expect(messages.map(({ sequenceInPath }) => sequenceInPath)).toEqual(
    Array.from({ length: 20 }, (_, index) => index + 1),
  );
  expect(new Set(messages.map(({ content }) => content)).size).toBe(20);
});
