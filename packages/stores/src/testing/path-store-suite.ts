// The conformance suite: what every ConversationPathStore does, whatever keeps the paths.
import { beforeEach, describe, expect, test } from 'vitest';
import type { ConversationPath } from '../path/path.ts';
import { createConversation, newTenant, say } from './conversation-under-test.ts';
import { contentsOf, openScene, type PathScene, type PathStores, sayOn } from './path-stores-under-test.ts';

export function describePathStore(name: string, stores: () => PathStores): void {
  let scene: PathScene;
  let store: PathStores;

  beforeEach(async () => {
    store = stores();
    scene = await openScene(store);
  });

  const branch = (messageId: string, parentPathId?: string): Promise<ConversationPath> =>
    store.paths.branchFromMessage({
      tenantId: scene.tenantId,
      messageId,
      ...(parentPathId !== undefined && { parentPathId }),
    });
  const of = ({ id }: ConversationPath): { tenantId: string; pathId: string } => ({
    tenantId: scene.tenantId,
    pathId: id,
  });
  const reread = async (path: ConversationPath): Promise<ConversationPath> =>
    (await store.paths.getPath(of(path)))!;
  const conversation = (): { tenantId: string; conversationId: string } => ({
    tenantId: scene.tenantId,
    conversationId: scene.conversationId,
  });
  const activate = (path: ConversationPath): Promise<ConversationPath> =>
    store.paths.setActivePath({ ...conversation(), pathId: path.id });
  const activePathId = async (): Promise<string | undefined> =>
    (await store.conversations.getConversation(conversation()))!.activePathId;

  describe(`${name} resolves (#15)`, () => {
    test('what a path inherits up to its branch point, over three levels, then its own', async () => {
      const one = await branch(scene.messageIds[1]);
      const [a1] = await sayOn(store, one, 'a1', 'a2');
      const two = await branch(a1!);
      const [b1] = await sayOn(store, two, 'b1');
      const three = await branch(b1!);
      await sayOn(store, three, 'c1');
      await sayOn(store, scene.primary, 'm4');
      await sayOn(store, one, 'a3');

      expect(await contentsOf(store, three)).toEqual(['m1', 'm2', 'a1', 'b1', 'c1']);
      expect(await contentsOf(store, two)).toEqual(['m1', 'm2', 'a1', 'b1']);
      expect(await contentsOf(store, one)).toEqual(['m1', 'm2', 'a1', 'a2', 'a3']);
      expect(await contentsOf(store, scene.primary)).toEqual(['m1', 'm2', 'm3', 'm4']);
      const { path, lineage, messages } = (await store.paths.getFullPathResolution(of(three)))!;
      expect(path).toStrictEqual(await reread(three));
      expect(lineage.map(({ id }) => id)).toEqual([scene.primary.id, one.id, two.id, three.id]);
      expect(messages).toStrictEqual(await store.paths.resolvePathMessages(of(three)));
      expect(messages.map(({ effectiveSequence }) => effectiveSequence)).toEqual([1, 2, 3, 4, 5]);
      expect(messages.map(({ sequenceInPath }) => sequenceInPath)).toEqual([1, 2, 1, 1, 1]);
    });

    test('a branch from what the parent only inherits', async () => {
      const one = await branch(scene.messageIds[2]);
      await sayOn(store, one, 'a1');
      const two = await branch(scene.messageIds[0], one.id);
      await sayOn(store, two, 'b1');
      expect(two).toMatchObject({ parentPathId: one.id, branchPointMessageId: scene.messageIds[0] });
      expect(await contentsOf(store, two)).toEqual(['m1', 'b1']);
    });

    test('a path without a branch point to its own messages', async () => {
      const empty = await store.paths.createPath({ ...conversation(), name: 'draft' });
      expect(empty).toMatchObject({ name: 'draft', isPrimary: false, isActive: true, messageCount: 0 });
      expect(empty).not.toHaveProperty('parentPathId');
      await sayOn(store, empty, 'd1');
      expect(await contentsOf(store, empty)).toEqual(['d1']);
    });

    test('without deleted messages, also where the branch point itself was deleted', async () => {
      const one = await branch(scene.messageIds[1]);
      await sayOn(store, one, 'a1');
      const [, messageId] = scene.messageIds;
      await store.conversations.softDeleteMessage({ ...conversation(), messageId });
      expect(await contentsOf(store, one)).toEqual(['m1', 'a1']);
      expect(await contentsOf(store, scene.primary)).toEqual(['m1', 'm3']);
    });
  });

  describe(`${name} keeps paths (#15)`, () => {
    test('and counts their messages and their active branches', async () => {
      const one = await branch(scene.messageIds[0]);
      const two = await branch(scene.messageIds[0]);
      await sayOn(store, one, 'a1', 'a2');
      expect(await reread(one)).toMatchObject({ messageCount: 2, branchCount: 0 });
      expect(await reread(scene.primary)).toMatchObject({ messageCount: 3, branchCount: 2 });

      await store.conversations.softDeleteMessage({ ...conversation(), messageId: scene.messageIds[2] });
      await store.paths.deletePath(of(two));
      expect(await reread(scene.primary)).toMatchObject({ messageCount: 2, branchCount: 1 });
    });

    test('lists them in the order of creation, archived ones when asked', async () => {
      const one = await branch(scene.messageIds[0]);
      const two = await branch(scene.messageIds[1]);
      await store.paths.deletePath(of(one));
      const ids = async (includeArchived?: boolean): Promise<string[]> =>
        (await store.paths.listPaths({
          ...conversation(),
          ...(includeArchived !== undefined && { includeArchived }),
        }))!.map(({ id }) => id);
      expect(await ids()).toEqual([scene.primary.id, two.id]);
      expect(await ids(true)).toEqual([scene.primary.id, one.id, two.id]);
    });

    test('changes the fields that are named, and clears those that are null', async () => {
      const path = await store.paths.createPath({ ...conversation(), name: 'n', description: 'd' });
      expect(await store.paths.updatePath({ ...of(path), name: 'new' })).toMatchObject({
        name: 'new',
        description: 'd',
      });
      const cleared = await store.paths.updatePath({ ...of(path), name: null, description: null });
      expect(cleared).not.toHaveProperty('name');
      expect(cleared).not.toHaveProperty('description');
      expect(await reread(path)).toStrictEqual(cleared);
    });

    test('shows where branches begin on a path, inherited branch points too', async () => {
      const one = await branch(scene.messageIds[0]);
      const two = await branch(scene.messageIds[0]);
      const archived = await branch(scene.messageIds[1]);
      await store.paths.deletePath(of(archived));
      const points = await store.paths.getBranchPointsForPath(of(one));
      expect(points).toStrictEqual(await store.paths.getBranchPointsForPath(of(scene.primary)));
      expect(points).toHaveLength(1);
      expect(points![0]!.message).toMatchObject({
        id: scene.messageIds[0],
        isBranchPoint: true,
        branchedToPaths: [one.id, two.id],
      });
      expect(points![0]!.paths).toStrictEqual([await reread(one), await reread(two)]);
    });
  });

  describe(`${name} knows the active path (#15)`, () => {
    test('which is the primary one until another is set; messages go there', async () => {
      expect(await store.paths.getActivePath(conversation())).toStrictEqual(scene.primary);
      const one = await branch(scene.messageIds[0]);
      expect(await activate(one)).toStrictEqual(one);
      expect(await store.paths.getActivePath(conversation())).toStrictEqual(one);
      await say(store.conversations, conversation(), 'a1');
      expect(await contentsOf(store, one)).toEqual(['m1', 'a1']);
    });

    test('which is the primary one again when it is deleted', async () => {
      const one = await activate(await branch(scene.messageIds[0]));
      await store.paths.deletePath(of(one));
      expect(await activePathId()).toBeUndefined();
      expect((await store.paths.getActivePath(conversation()))?.id).toBe(scene.primary.id);
    });

    test('and makes the primary one active where none is', async () => {
      expect(await store.paths.ensurePrimaryPath(conversation())).toStrictEqual(scene.primary);
      expect(await activePathId()).toBe(scene.primary.id);
      const one = await activate(await branch(scene.messageIds[0]));
      await store.paths.ensurePrimaryPath(conversation());
      expect(await activePathId()).toBe(one.id);
    });
  });

  describe(`${name} deletes (#15)`, () => {
    test('by archiving: the branches of the path keep what they inherit', async () => {
      const one = await branch(scene.messageIds[0]);
      const [a1] = await sayOn(store, one, 'a1');
      const two = await branch(a1!);
      await store.paths.deletePath(of(one));
      expect(await reread(one)).toMatchObject({ isActive: false });
      expect(await contentsOf(store, two)).toEqual(['m1', 'a1']);
    });

    test('for good when asked: the path, its messages, and what merges remember of it', async () => {
      const one = await branch(scene.messageIds[0]);
      const [a1] = await sayOn(store, one, 'a1');
      const source = await branch(scene.messageIds[1]);
      const merge = { tenantId: scene.tenantId, sourcePathId: source.id, targetPathId: one.id };
      await store.paths.mergePath({ ...merge, mode: 'summary', summary: 's' });
      await store.paths.deletePath({ ...of(one), hardDelete: true });
      expect(await store.paths.getPath(of(one))).toBeNull();
      expect(await activePathId()).toBeUndefined();
      await expect(
        store.paths.pinMessage({ tenantId: scene.tenantId, messageId: a1! }),
      ).rejects.toMatchObject({ code: 'MESSAGE_NOT_FOUND' });
      const merged = await reread(source);
      expect(merged).toMatchObject({ mergeMode: 'summary', mergedAt: expect.any(Date) });
      expect(merged).not.toHaveProperty('mergedToPathId');
      expect(merged).not.toHaveProperty('mergeSummaryMessageId');
      expect(await store.paths.getBranchPointsForPath(of(scene.primary))).toEqual([]);
    });
  });

  describe(`${name} pins (#15)`, () => {
    test('a message for every path that shows it, as it was pinned first', async () => {
      const [m1, m2] = scene.messageIds;
      const one = await branch(m1);
      const pinned = await store.paths.pinMessage({ tenantId: scene.tenantId, messageId: m1, userId: 'ann' });
      expect(pinned).toMatchObject({ isPinned: true, pinnedBy: 'ann', pinnedAt: expect.any(Date) });
      const again = await store.paths.pinMessage({ tenantId: scene.tenantId, messageId: m1, userId: 'bob' });
      expect(again).toStrictEqual(pinned);
      await store.paths.pinMessage({ tenantId: scene.tenantId, messageId: m2 });

      expect(await store.paths.getPinnedMessages(of(one))).toStrictEqual([pinned]);
      expect(await store.paths.getPinnedCount(of(one))).toBe(1);
      expect(await store.paths.getPinnedCount(of(scene.primary))).toBe(2);

      const unpinned = await store.paths.unpinMessage({ tenantId: scene.tenantId, messageId: m1 });
      expect(unpinned).toMatchObject({ isPinned: false });
      expect(unpinned).not.toHaveProperty('pinnedAt');
      expect(unpinned).not.toHaveProperty('pinnedBy');
      expect(await store.paths.getPinnedMessages(of(one))).toEqual([]);
    });
  });

  describe(`${name} under concurrency (#15)`, () => {
    test('keeps one primary path', async () => {
      const ensured = await Promise.all(
        Array.from({ length: 6 }, () => store.paths.ensurePrimaryPath(conversation())),
      );
      expect(new Set(ensured.map(({ id }) => id))).toEqual(new Set([scene.primary.id]));
    });

    test('merges a path once, and gives no number twice', async () => {
      const sources = await Promise.all(scene.messageIds.map((id) => branch(id)));
      for (const source of sources) await sayOn(store, source, `of ${source.id}`);
      const merges = sources
        .flatMap(({ id }) => [id, id])
        .map((sourcePathId) =>
          store.paths.mergePath({
            tenantId: scene.tenantId,
            sourcePathId,
            targetPathId: scene.primary.id,
            mode: 'full',
          }),
        );
      const appends = scene.messageIds.map(() => say(store.conversations, conversation(), 'meanwhile'));
      const outcomes = await Promise.allSettled(merges);
      await Promise.all(appends);
      const refused = outcomes.filter(({ status }) => status === 'rejected');
      expect(refused).toHaveLength(sources.length);
      for (const outcome of refused) expect(outcome).toMatchObject({ reason: { code: 'PATH_IS_MERGED' } });

      const messages = await store.paths.resolvePathMessages(of(scene.primary));
      const numbers = messages!.map(({ sequenceInPath }) => sequenceInPath);
      expect(numbers).toEqual(numbers.map((_, index) => index + 1));
      expect(messages!.filter(({ content }) => content.startsWith('of '))).toHaveLength(sources.length);
    });
  });

  test(`${name} gives a conversation of another tenant no path`, async () => {
    const stranger = { tenantId: newTenant(), conversationId: scene.conversationId };
    const own = await createConversation(store.conversations, { tenantId: stranger.tenantId });
    await expect(store.paths.ensurePrimaryPath(stranger)).rejects.toMatchObject({
      code: 'CONVERSATION_NOT_FOUND',
    });
    await expect(
      store.paths.setActivePath({ ...stranger, conversationId: own, pathId: scene.primary.id }),
    ).rejects.toMatchObject({ code: 'PATH_NOT_FOUND' });
  });
}
