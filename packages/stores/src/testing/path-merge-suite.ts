// The conformance suite of merges: what each mode brings into the target, what a preview says before, and who may not.
import { beforeEach, describe, expect, test } from 'vitest';
import type { MergePathInput } from '../path/path-store.ts';
import type { ConversationPath } from '../path/path.ts';
import { contentsOf, openScene, type PathScene, type PathStores, sayOn } from './path-stores-under-test.ts';

export function describePathMerges(name: string, stores: () => PathStores): void {
  let store: PathStores;
  let scene: PathScene;
  let source: ConversationPath;
  let target: ConversationPath;
  /** On the source. */
  let messageIds: readonly string[];

  beforeEach(async () => {
    store = stores();
    scene = await openScene(store);
    source = await store.paths.branchFromMessage({
      tenantId: scene.tenantId,
      messageId: scene.messageIds[0],
    });
    target = scene.primary;
    messageIds = await sayOn(store, source, 'a1', 'a2', 'a3');
  });

  const merge = (changes: Partial<MergePathInput> = {}): MergePathInput => ({
    tenantId: scene.tenantId,
    sourcePathId: source.id,
    targetPathId: target.id,
    mode: 'full',
    ...changes,
  });
  const reread = async (path: ConversationPath): Promise<ConversationPath> =>
    (await store.paths.getPath({ tenantId: scene.tenantId, pathId: path.id }))!;

  describe(`${name} merges (#15)`, () => {
    test.each<{ what: string; changes: () => Partial<MergePathInput>; gained: string[] }>([
      { what: 'all messages', changes: () => ({}), gained: ['a1', 'a2', 'a3'] },
      { what: 'all, after a summary', changes: () => ({ summary: 's' }), gained: ['s', 'a1', 'a2', 'a3'] },
      { what: 'a summary alone', changes: () => ({ mode: 'summary', summary: 's' }), gained: ['s'] },
      {
        what: 'chosen messages in the order of the source',
        changes: () => ({ mode: 'selective', messageIds: [messageIds[2]!, messageIds[0]!, messageIds[2]!] }),
        gained: ['a1', 'a3'],
      },
    ])('$what', async ({ changes, gained }) => {
      const input = merge(changes());
      expect(await store.paths.previewMerge(input)).toMatchObject({ appendedCount: gained.length });
      const merged = await store.paths.mergePath(input);
      expect(merged.messageIds).toHaveLength(gained.length);
      expect(await contentsOf(store, target)).toEqual(['m1', 'm2', 'm3', ...gained]);
      expect(await reread(target)).toMatchObject({ messageCount: 3 + gained.length, branchCount: 0 });

      const after = await reread(source);
      expect(after).toMatchObject({
        isActive: false,
        mergedToPathId: target.id,
        mergedAt: expect.any(Date),
        mergeMode: input.mode,
        messageCount: 3,
      });
      expect(after.mergeSummaryMessageId).toBe(merged.mergeSummaryMessageId);
      expect(after.mergeSummaryMessageId).toBe(
        input.summary === undefined ? undefined : merged.messageIds[0],
      );
    });

    test('a summary as a message of the system, marked as what it is', async () => {
      await store.paths.mergePath(merge({ mode: 'summary', summary: 's' }));
      const messages = await store.paths.resolvePathMessages({
        tenantId: scene.tenantId,
        pathId: target.id,
      });
      expect(messages!.at(-1)).toMatchObject({
        role: 'system',
        messageType: 'merge_summary',
        sequenceInPath: 4,
        effectiveSequence: 4,
      });
    });

    test('copies that keep role, metadata, writer and pin, under an id of their own', async () => {
      const { tenantId, conversationId } = scene;
      const metadata = { tool: null, nested: { n: 1 } };
      const said = { role: 'user', content: 'a4', metadata, userId: 'ann' } as const;
      const { messageId } = await store.conversations.appendMessage({ tenantId, conversationId, ...said });
      const pinned = await store.paths.pinMessage({ tenantId, messageId, userId: 'bob' });
      await store.paths.mergePath(merge());
      const copy = (await store.paths.resolvePathMessages({ tenantId, pathId: target.id }))!.at(-1)!;
      expect(copy).toMatchObject({ ...said, isPinned: true, pinnedBy: 'bob', pinnedAt: pinned.pinnedAt });
      expect(copy.id).not.toBe(messageId);
      expect(copy.createdAt.getTime()).toBeGreaterThanOrEqual(pinned.createdAt.getTime());
    });

    test('nothing that was deleted, or that the target shows already', async () => {
      const { tenantId, conversationId } = scene;
      await store.conversations.softDeleteMessage({ tenantId, conversationId, messageId: messageIds[2]! });
      target = await store.paths.branchFromMessage({ tenantId, messageId: messageIds[0]! });
      const { messages } = await store.paths.previewMerge(merge());
      expect(messages.map(({ content }) => content)).toEqual(['a2']);
      await store.paths.mergePath(merge());
      expect(await contentsOf(store, target)).toEqual(['m1', 'a1', 'a2']);
    });

    test('into the path that goes on as the active one, and moves lastMessageAt', async () => {
      const { tenantId, conversationId } = scene;
      const before = (await store.conversations.getConversation({ tenantId, conversationId }))!;
      await store.paths.mergePath(merge());
      const after = (await store.conversations.getConversation({ tenantId, conversationId }))!;
      expect([before.activePathId, after.activePathId]).toEqual([source.id, target.id]);
      expect(after.lastMessageAt!.getTime()).toBeGreaterThan(before.lastMessageAt!.getTime());
    });

    test('and leaves the source open when asked', async () => {
      await store.paths.mergePath(merge({ archiveSource: false }));
      expect(await reread(source)).toMatchObject({ isActive: true, mergedToPathId: target.id });
      const { tenantId, conversationId } = scene;
      expect((await store.paths.getActivePath({ tenantId, conversationId }))?.id).toBe(source.id);
    });

    test('nothing in a preview, which needs no summary yet', async () => {
      const { messages, appendedCount } = await store.paths.previewMerge(merge({ mode: 'summary' }));
      expect(messages.map(({ id }) => id)).toEqual(messageIds);
      expect(appendedCount).toBe(1);
      expect(await reread(source)).toMatchObject({ isActive: true });
      expect(await contentsOf(store, target)).toEqual(['m1', 'm2', 'm3']);
    });
  });

  describe(`${name} refuses to merge (#15)`, () => {
    const refusals: readonly {
      what: string;
      code: string;
      before?: () => Promise<unknown>;
      changes?: () => Partial<MergePathInput>;
    }[] = [
      {
        what: 'the primary path',
        code: 'PATH_IS_PRIMARY',
        changes: () => ({ sourcePathId: target.id, targetPathId: source.id }),
      },
      {
        what: 'a path a second time',
        code: 'PATH_IS_MERGED',
        before: () => store.paths.mergePath(merge({ archiveSource: false })),
      },
      {
        what: 'an archived path',
        code: 'PATH_IS_ARCHIVED',
        before: () => store.paths.deletePath({ tenantId: scene.tenantId, pathId: source.id }),
      },
      {
        what: 'into an archived path',
        code: 'PATH_IS_ARCHIVED',
        before: async () => {
          target = await store.paths.createPath({
            tenantId: scene.tenantId,
            conversationId: scene.conversationId,
          });
          await store.paths.deletePath({ tenantId: scene.tenantId, pathId: target.id });
        },
      },
      { what: 'an unknown path', code: 'PATH_NOT_FOUND', changes: () => ({ sourcePathId: 'nobody' }) },
      { what: 'into an unknown path', code: 'PATH_NOT_FOUND', changes: () => ({ targetPathId: 'nobody' }) },
      {
        what: 'into a path of another conversation',
        code: 'PATH_NOT_FOUND',
        before: async () => {
          const { tenantId } = scene;
          const { conversationId } = await store.conversations.createConversation({ tenantId });
          target = await store.paths.ensurePrimaryPath({ tenantId, conversationId });
        },
      },
      {
        what: 'messages that the source only inherits',
        code: 'MESSAGE_NOT_ON_PATH',
        changes: () => ({ mode: 'selective', messageIds: [messageIds[0]!, scene.messageIds[0]] }),
      },
    ];

    test.each(refusals)('$what', async ({ code, before, changes }) => {
      await before?.();
      const input = merge(changes?.());
      const seen = await contentsOf(store, source);
      await expect(store.paths.previewMerge(input)).rejects.toMatchObject({ code });
      await expect(store.paths.mergePath(input)).rejects.toMatchObject({ code });
      expect(await contentsOf(store, source)).toEqual(seen);
    });
  });
}
