// The conformance suite: what every ConversationStore does with conversations and messages, whatever keeps them (#11).
import { deepStrictEqual, fail } from 'node:assert/strict';
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ConversationRecord } from '../conversation/conversation.ts';
import {
  type ConversationStoreUnderTest,
  createConversation,
  newTenant,
  say,
} from './conversation-under-test.ts';
import { newMessageArbitrary, newConversationArbitrary } from './conversation-arbitrary.ts';
import { refusedInputs } from './conversation-refusals.ts';

export function describeConversationStore(name: string, subject: ConversationStoreUnderTest): void {
  const { store, runs } = subject;
  let tenantId = '';
  let conversationId = '';

  beforeEach(async () => {
    tenantId = newTenant();
    conversationId = await createConversation(store(), { tenantId, userId: 'ann' });
  });

  const own = (): { tenantId: string; conversationId: string } => ({ tenantId, conversationId });
  const ann = (): { tenantId: string; conversationId: string; userId: string } => ({
    ...own(),
    userId: 'ann',
  });
  const read = async (): Promise<ConversationRecord | null> => store().getConversation(ann());
  const contents = async (limit?: number): Promise<string[] | undefined> =>
    (await store().getMessages({ ...ann(), ...(limit !== undefined && { limit }) }))?.map(
      ({ content }) => content,
    );

  describe(`${name} keeps conversations (#11)`, () => {
    test('a new one is private, to be viewed, open and without messages', async () => {
      expect(await read()).toStrictEqual({
        id: conversationId,
        tenantId,
        userId: 'ann',
        shareAudience: 'private',
        tenantAccess: 'view',
        authorizationModel: 'supabase_rbac',
        jurisdictions: [],
        createdAt: expect.any(Date),
        updatedAt: expect.any(Date),
      });
      expect(await contents()).toEqual([]);
    });

    test('every field that was given comes back as it was, and absent ones stay absent', async () => {
      await fc.assert(
        fc.asyncProperty(newConversationArbitrary, async (given) => {
          const input = { ...given, tenantId };
          const id = await createConversation(store(), input);
          const caller = { tenantId, ...(given.userId !== undefined && { userId: given.userId }) };
          const kept = await store().getConversation({ ...caller, conversationId: id });
          expect(kept).toStrictEqual({
            shareAudience: 'private',
            tenantAccess: 'view',
            jurisdictions: [],
            ...input,
            id,
            authorizationModel: 'supabase_rbac',
            createdAt: expect.any(Date),
            updatedAt: expect.any(Date),
          });
        }),
        { numRuns: runs },
      );
    });

    test('sharing and renaming change what was named and leave the rest', async () => {
      await store().updateSharing({ ...ann(), shareAudience: 'tenant', title: 'Plans' });
      expect(await read()).toMatchObject({ shareAudience: 'tenant', tenantAccess: 'view', title: 'Plans' });
      await store().updateSharing({ ...ann(), tenantAccess: 'edit' });
      expect(await read()).toMatchObject({ shareAudience: 'tenant', tenantAccess: 'edit', title: 'Plans' });
      await store().updateSharing({ ...ann(), shareAudience: 'private', title: 'Old plans' });
      expect(await read()).toMatchObject({ shareAudience: 'private', title: 'Old plans' });
    });

    test('archiving is kept once, and taken back', async () => {
      await store().setArchivedState({ ...ann(), archived: true });
      const { archivedAt } = (await read()) ?? {};
      expect(archivedAt).toBeInstanceOf(Date);
      await store().setArchivedState({ ...ann(), archived: true });
      expect((await read())?.archivedAt).toEqual(archivedAt);
      await store().setArchivedState({ ...ann(), archived: false });
      expect(await read()).not.toHaveProperty('archivedAt');
    });

    test('writes move updatedAt and leave createdAt', async () => {
      const before = await read();
      await say(store(), own(), 'one');
      const after = await read();
      expect(after?.createdAt).toEqual(before?.createdAt);
      expect(after?.updatedAt.getTime()).toBeGreaterThanOrEqual(before?.updatedAt.getTime() ?? Infinity);
    });

    test('changing the objects that were given changes nothing in the store', async () => {
      const jurisdictions = ['eu'];
      const metadata = { sources: ['a'] };
      const id = await createConversation(store(), { tenantId, jurisdictions });
      await store().appendMessage({ ...own(), conversationId: id, role: 'user', content: '', metadata });
      jurisdictions.push('us');
      metadata.sources.push('b');
      const conversation = { tenantId, conversationId: id };
      expect((await store().getConversation(conversation))?.jurisdictions).toEqual(['eu']);
      expect((await store().getMessages(conversation))?.[0]?.metadata).toEqual({ sources: ['a'] });
    });
  });

  describe(`${name} keeps messages (#11)`, () => {
    test('they come oldest first, numbered on one path, and move lastMessageAt', async () => {
      const ids = await say(store(), own(), 'one', 'two', 'three');
      const messages = (await store().getMessages(ann())) ?? [];
      expect(
        messages.map(({ id, content, sequenceInPath, effectiveSequence }) => ({
          id,
          content,
          sequenceInPath,
          effectiveSequence,
        })),
      ).toEqual([
        { id: ids[0], content: 'one', sequenceInPath: 1, effectiveSequence: 1 },
        { id: ids[1], content: 'two', sequenceInPath: 2, effectiveSequence: 2 },
        { id: ids[2], content: 'three', sequenceInPath: 3, effectiveSequence: 3 },
      ]);
      expect(new Set(messages.map(({ pathId }) => pathId)).size).toBe(1);
      expect((await read())?.lastMessageAt).toEqual(messages.at(-1)?.createdAt);
    });

    test('every field comes back as it was, and absent ones stay absent', async () => {
      await fc.assert(
        fc.asyncProperty(newMessageArbitrary, async (given) => {
          const { messageId } = await store().appendMessage({ ...ann(), ...given });
          const message = (await store().getMessages({ ...ann(), limit: 1 }))?.[0];
          const { createdAt, pathId, sequenceInPath, effectiveSequence, ...kept } = message ?? fail();
          expect([createdAt, pathId]).toEqual([expect.any(Date), expect.any(String)]);
          expect(effectiveSequence).toBe(sequenceInPath);
          // Node's own comparison, because that of vitest takes a key called `constructor` for a difference in type.
          deepStrictEqual(kept, {
            ...given,
            id: messageId,
            conversationId,
            userId: 'ann',
            isBranchPoint: false,
            branchedToPaths: [],
            messageType: 'standard',
            isPinned: false,
          });
        }),
        { numRuns: runs },
      );
    });

    test('the last ones are shown when there is a limit', async () => {
      await say(store(), own(), 'one', 'two', 'three');
      expect(await contents(2)).toEqual(['two', 'three']);
      expect(await contents(1)).toEqual(['three']);
      expect(await contents(1_000)).toEqual(['one', 'two', 'three']);
    });

    test('a deleted one is not shown, does not count for the limit, and its number is not given again', async () => {
      const [, , third] = await say(store(), own(), 'one', 'two', 'three');
      await store().softDeleteMessage({ ...ann(), messageId: third ?? '' });
      expect(await contents(2)).toEqual(['one', 'two']);
      await say(store(), own(), 'four');
      const messages = await store().getMessages(ann());
      expect(messages?.map(({ sequenceInPath }) => sequenceInPath)).toEqual([1, 2, 4]);
    });

    test('deleting one that is not there, is elsewhere, or was deleted does nothing', async () => {
      const [first] = await say(store(), own(), 'one');
      const elsewhere = await createConversation(store(), { tenantId, userId: 'ann' });
      const [other] = await say(store(), { tenantId, conversationId: elsewhere }, 'theirs');
      await store().softDeleteMessage({ ...ann(), messageId: 'nobody knows it' });
      await store().softDeleteMessage({ ...ann(), messageId: other ?? '' });
      expect(await store().getMessages({ ...ann(), conversationId: elsewhere })).toHaveLength(1);
      await store().softDeleteMessage({ ...ann(), messageId: first ?? '' });
      await store().softDeleteMessage({ ...ann(), messageId: first ?? '' });
      expect(await contents()).toEqual([]);
    });

    test('many writers at once leave no number out, give none twice, and none is lost', async () => {
      await Promise.all(Array.from({ length: 20 }, (_, index) => say(store(), own(), `message ${index}`)));
      const messages = (await store().getMessages(ann())) ?? [];
      expect(messages.map(({ sequenceInPath }) => sequenceInPath)).toEqual(
        Array.from({ length: 20 }, (_, index) => index + 1),
      );
      expect(new Set(messages.map(({ content }) => content)).size).toBe(20);
      expect((await read())?.lastMessageAt).toEqual(messages.at(-1)?.createdAt);
    });

    test('they are those of the conversation alone', async () => {
      const other = await createConversation(store(), { tenantId, userId: 'ann' });
      await say(store(), { tenantId, conversationId: other }, 'elsewhere');
      await say(store(), own(), 'here');
      expect(await contents()).toEqual(['here']);
    });
  });

  describe(`${name} refuses`, () => {
    test('nothing to read is null, for those who may not as for what is not there', async () => {
      const missing = { tenantId, userId: 'ann', conversationId: 'nobody knows it' };
      expect(await store().getConversation(missing)).toBeNull();
      expect(await store().getMessages(missing)).toBeNull();
      for (const stranger of [{ userId: 'bob' }, { tenantId: newTenant() }]) {
        expect(await store().getConversation({ ...ann(), ...stranger })).toBeNull();
        expect(await store().getMessages({ ...ann(), ...stranger })).toBeNull();
      }
    });

    test('writes to what the caller may not know of, as if it were not there (#12)', async () => {
      for (const stranger of [
        { conversationId: 'nobody knows it' },
        { userId: 'bob' },
        { tenantId: newTenant() },
      ]) {
        const target = { ...ann(), ...stranger };
        const refusal = { code: 'CONVERSATION_NOT_FOUND', name: 'ConversationAccessError' };
        for (const write of writesOf(target)) await expect(write()).rejects.toMatchObject(refusal);
      }
      expect(await read()).toMatchObject({ shareAudience: 'private' });
      expect(await contents()).toEqual([]);
    });

    test('writes to what the caller may only read (#12)', async () => {
      await store().updateSharing({ ...ann(), shareAudience: 'tenant' });
      for (const write of writesOf({ ...ann(), userId: 'bob' })) {
        await expect(write()).rejects.toMatchObject({ code: 'CONVERSATION_WRITE_REFUSED' });
      }
      expect(await read()).not.toHaveProperty('archivedAt');
      expect(await contents()).toEqual([]);
    });

    test('no assistant of another tenant writes (#12)', async () => {
      const foreign = { conversationId, tenantId: newTenant(), content: 'x' };
      for (const role of ['assistant', 'system'] as const) {
        await expect(store().appendMessage({ ...foreign, role })).rejects.toMatchObject({
          code: 'CONVERSATION_NOT_FOUND',
        });
      }
    });

    test.each(refusedInputs)('$what', async ({ act, says }) => {
      await expect(act(store())).rejects.toMatchObject({ code: 'INPUT_INVALID', message: says });
    });
  });

  function writesOf(target: {
    tenantId: string;
    conversationId: string;
    userId: string;
  }): (() => Promise<unknown>)[] {
    return [
      () => store().appendMessage({ ...target, role: 'user', content: 'mine' }),
      () => store().softDeleteMessage({ ...target, messageId: 'any' }),
      () => store().updateSharing({ ...target, shareAudience: 'public' }),
      () => store().setArchivedState({ ...target, archived: true }),
    ];
  }
}
