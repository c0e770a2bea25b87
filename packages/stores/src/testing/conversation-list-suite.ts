// The conformance suite of lists: order, pages, and that a list shows what the reading rule allows, no more and no less.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ListConversationsInput } from '../conversation/conversation-store.ts';
import { mayRead } from '../conversation/reading-rule.ts';
import { accessArbitrary } from './conversation-arbitrary.ts';
import {
  type ConversationStoreUnderTest,
  createConversation,
  newTenant,
  say,
} from './conversation-under-test.ts';

export function describeConversationLists(name: string, subject: ConversationStoreUnderTest): void {
  const { store, plant, runs } = subject;
  let tenantId = '';

  beforeEach(() => {
    tenantId = newTenant();
  });

  /** Conversations of ann, each with a message if it is told so, in the order of creation. */
  async function createMany(count: number, hasMessages = true): Promise<string[]> {
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1) {
      const id = await createConversation(store(), { tenantId, userId: 'ann' });
      if (hasMessages) await say(store(), { tenantId, conversationId: id }, 'hello');
      ids.push(id);
    }
    return ids;
  }

  async function list(input: Partial<ListConversationsInput> = {}): Promise<string[]> {
    const { conversations } = await store().listConversations({ tenantId, userId: 'ann', ...input });
    return conversations.map(({ id }) => id);
  }

  /** All pages, with what is done between them. */
  async function walk(
    input: Partial<ListConversationsInput> = {},
    between: (page: number) => Promise<unknown> = async () => undefined,
  ): Promise<string[][]> {
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const { conversations, nextCursor, hasMore } = await store().listConversations({
        tenantId,
        userId: 'ann',
        ...input,
        ...(cursor !== undefined && { cursor }),
      });
      expect(hasMore).toBe(nextCursor !== undefined);
      pages.push(conversations.map(({ id }) => id));
      cursor = nextCursor;
      await between(pages.length);
    } while (cursor !== undefined && pages.length < 100);
    return pages;
  }

  describe(`${name} lists conversations (#11)`, () => {
    test('the one with the newest message first, those without one last, newest first', async () => {
      const [one, two] = await createMany(2);
      const [three, four] = await createMany(2, false);
      expect(await list()).toEqual([two, one, four, three]);
      await say(store(), { tenantId, conversationId: one ?? '' }, 'again');
      expect(await list()).toEqual([one, two, four, three]);
    });

    test('none where there are none, and no further page', async () => {
      const nothing = { conversations: [], hasMore: false };
      expect(await store().listConversations({ tenantId })).toStrictEqual(nothing);
    });

    test('as a read of each one shows them', async () => {
      const [id] = await createMany(1);
      const { conversations } = await store().listConversations({ tenantId, userId: 'ann' });
      const conversation = await store().getConversation({
        tenantId,
        userId: 'ann',
        conversationId: id ?? '',
      });
      expect(conversations).toStrictEqual([conversation]);
    });

    test('by their state', async () => {
      const [open, archived] = await createMany(2);
      const target = { tenantId, userId: 'ann', conversationId: archived ?? '' };
      await store().setArchivedState({ ...target, archived: true });
      expect(await list()).toEqual([open]);
      expect(await list({ status: 'active' })).toEqual([open]);
      expect(await list({ status: 'archived' })).toEqual([archived]);
      expect(await list({ status: 'all' })).toEqual([archived, open]);
      await store().setArchivedState({ ...target, archived: false });
      expect(await list()).toEqual([archived, open]);
    });

    test('in pages of the size that was asked for', async () => {
      const ids = await createMany(5);
      const [e, d, c, b, a] = ids.toReversed();
      expect(await walk({ limit: 2 })).toEqual([[e, d], [c, b], [a]]);
      expect(await walk({ limit: 5 })).toEqual([[e, d, c, b, a]]);
      expect(await walk({ limit: 200 })).toEqual([[e, d, c, b, a]]);
    });

    test('each once, page by page, also where many share one moment or have no message at all', async () => {
      const ids = [...(await createMany(5)), ...(await createMany(4, false))];
      const lastMessageAt = new Date('2026-01-01T00:00:00Z');
      for (const id of ids.slice(0, 4)) await plant(id, { lastMessageAt });
      for (const limit of [1, 2, 3]) {
        expect((await walk({ limit })).flat().toSorted()).toEqual(ids.toSorted());
      }
    });

    test('each at least once when some get messages between the pages', async () => {
      const ids = await createMany(6);
      const [oldest, second] = ids;
      const pages = await walk({ limit: 2 }, async (page) => {
        // Both are still to come and jump over what comes next; one of them again, after all were shown.
        if (page === 1) await say(store(), { tenantId, conversationId: oldest ?? '' }, 'late');
        if (page === 2) await say(store(), { tenantId, conversationId: second ?? '' }, 'later');
        if (page === 3) await say(store(), { tenantId, conversationId: oldest ?? '' }, 'last');
      });
      expect(pages.slice(0, 2)).toEqual([
        [ids[5], ids[4]],
        [ids[3], ids[2]],
      ]);
      expect(new Set(pages.flat())).toEqual(new Set(ids));
    });

    test('each once when those that were shown get archived, or lose their place', async () => {
      const ids = await createMany(4);
      const pages = await walk({ limit: 2 }, async (page) => {
        if (page !== 1) return;
        for (const conversationId of ids.slice(2)) {
          await store().setArchivedState({ tenantId, userId: 'ann', conversationId, archived: true });
        }
      });
      expect(pages.flat()).toEqual(ids.toReversed());
    });

    test('of the tenant alone', async () => {
      const [own] = await createMany(1);
      const elsewhere = newTenant();
      const conversationId = await createConversation(store(), {
        tenantId: elsewhere,
        userId: 'ann',
        shareAudience: 'public',
      });
      await say(store(), { tenantId: elsewhere, conversationId }, 'newer');
      expect(await list()).toEqual([own]);
      // Nor does another tenant's newest one take up the room of a page.
      expect(await walk({ limit: 1 })).toEqual([[own]]);
    });

    test('in pages on which nothing takes up room that may not be read (#12)', async () => {
      const [own] = await createMany(1);
      const conversationId = await createConversation(store(), { tenantId, userId: 'bob' });
      await store().appendMessage({
        tenantId,
        userId: 'bob',
        conversationId,
        role: 'user',
        content: 'newer',
      });
      expect(await walk({ limit: 1 })).toEqual([[own]]);
    });

    test('what the reading rule allows, no more and no less, as a read of each one does (#12)', async () => {
      const caller = fc.constantFrom({ userId: 'ann' }, { userId: 'bob' }, {});
      await fc.assert(
        fc.asyncProperty(fc.array(accessArbitrary, { maxLength: 4 }), caller, async (many, asking) => {
          const tenant = newTenant();
          const readable: string[] = [];
          for (const { userId, ...access } of many) {
            const owner = userId === undefined ? {} : { userId };
            const id = await createConversation(store(), { tenantId: tenant, ...owner });
            await plant(id, access);
            const isReadable = mayRead(
              { ...access, ...owner, tenantId: tenant },
              { tenantId: tenant, ...asking },
            );
            if (isReadable) readable.push(id);
            const read = { tenantId: tenant, ...asking, conversationId: id };
            expect((await store().getConversation(read)) !== null).toBe(isReadable);
          }
          const listed = await store().listConversations({ tenantId: tenant, ...asking });
          expect(listed.conversations.map(({ id }) => id).toSorted()).toEqual(readable.toSorted());
        }),
        { numRuns: runs },
      );
    });
  });
}
