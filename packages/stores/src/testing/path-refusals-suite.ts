// The conformance suite of refusals: another tenant, ids that nobody has, rules of paths, and what no store accepts.
import { beforeEach, describe, expect, test } from 'vitest';
import type { ConversationPathStore } from '../path/path-store.ts';
import type { ConversationPath } from '../path/path.ts';
import { newTenant } from './conversation-under-test.ts';
import { openScene, type PathScene, type PathStores, sayOn } from './path-stores-under-test.ts';

/** What a method is about: everything there is, or ids that nobody has. */
interface Subject {
  readonly tenantId: string;
  readonly conversationId: string;
  readonly pathId: string;
  readonly otherPathId: string;
  readonly messageId: string;
}

type Call = (paths: ConversationPathStore, subject: Subject) => Promise<unknown>;

const reads: Readonly<Record<string, Call>> = {
  getPath: (paths, { tenantId, pathId }) => paths.getPath({ tenantId, pathId }),
  listPaths: (paths, { tenantId, conversationId }) => paths.listPaths({ tenantId, conversationId }),
  resolvePathMessages: (paths, { tenantId, pathId }) => paths.resolvePathMessages({ tenantId, pathId }),
  getFullPathResolution: (paths, { tenantId, pathId }) => paths.getFullPathResolution({ tenantId, pathId }),
  getActivePath: (paths, { tenantId, conversationId }) => paths.getActivePath({ tenantId, conversationId }),
  getBranchPointsForPath: (paths, { tenantId, pathId }) => paths.getBranchPointsForPath({ tenantId, pathId }),
  getPinnedMessages: (paths, { tenantId, pathId }) => paths.getPinnedMessages({ tenantId, pathId }),
  getPinnedCount: (paths, { tenantId, pathId }) => paths.getPinnedCount({ tenantId, pathId }),
  getPrimaryPath: (paths, { tenantId, conversationId }) => paths.getPrimaryPath({ tenantId, conversationId }),
};

const writes: Readonly<Record<string, readonly [code: string, call: Call]>> = {
  createPath: [
    'CONVERSATION_NOT_FOUND',
    (paths, { tenantId, conversationId }) => paths.createPath({ tenantId, conversationId }),
  ],
  updatePath: [
    'PATH_NOT_FOUND',
    (paths, { tenantId, pathId }) => paths.updatePath({ tenantId, pathId, name: 'taken over' }),
  ],
  deletePath: ['PATH_NOT_FOUND', (paths, { tenantId, pathId }) => paths.deletePath({ tenantId, pathId })],
  'deletePath for good': [
    'PATH_NOT_FOUND',
    (paths, { tenantId, pathId }) => paths.deletePath({ tenantId, pathId, hardDelete: true }),
  ],
  setActivePath: [
    'CONVERSATION_NOT_FOUND',
    (paths, { tenantId, conversationId, pathId }) =>
      paths.setActivePath({ tenantId, conversationId, pathId }),
  ],
  branchFromMessage: [
    'MESSAGE_NOT_FOUND',
    (paths, { tenantId, messageId }) => paths.branchFromMessage({ tenantId, messageId }),
  ],
  mergePath: [
    'PATH_NOT_FOUND',
    (paths, { tenantId, pathId, otherPathId }) =>
      paths.mergePath({ tenantId, sourcePathId: pathId, targetPathId: otherPathId, mode: 'full' }),
  ],
  previewMerge: [
    'PATH_NOT_FOUND',
    (paths, { tenantId, pathId, otherPathId }) =>
      paths.previewMerge({ tenantId, sourcePathId: pathId, targetPathId: otherPathId, mode: 'full' }),
  ],
  pinMessage: [
    'MESSAGE_NOT_FOUND',
    (paths, { tenantId, messageId }) => paths.pinMessage({ tenantId, messageId }),
  ],
  unpinMessage: [
    'MESSAGE_NOT_FOUND',
    (paths, { tenantId, messageId }) => paths.unpinMessage({ tenantId, messageId }),
  ],
  ensurePrimaryPath: [
    'CONVERSATION_NOT_FOUND',
    (paths, { tenantId, conversationId }) => paths.ensurePrimaryPath({ tenantId, conversationId }),
  ],
};

export function describePathRefusals(name: string, stores: () => PathStores): void {
  let store: PathStores;
  let scene: PathScene;
  let branch: ConversationPath;
  let subject: Subject;

  beforeEach(async () => {
    store = stores();
    scene = await openScene(store);
    const { tenantId, conversationId, messageIds, primary } = scene;
    branch = await store.paths.branchFromMessage({ tenantId, messageId: messageIds[0] });
    subject = {
      tenantId,
      conversationId,
      pathId: branch.id,
      otherPathId: primary.id,
      messageId: messageIds[1],
    };
  });

  async function everything(): Promise<unknown> {
    const { tenantId, conversationId } = scene;
    return [
      await store.paths.listPaths({ tenantId, conversationId, includeArchived: true }),
      await store.paths.getFullPathResolution({ tenantId, pathId: scene.primary.id }),
      await store.conversations.getConversation({ tenantId, conversationId }),
    ];
  }

  const nobody = { conversationId: 'none', pathId: 'none', otherPathId: 'no other', messageId: 'none' };

  describe(`${name} tells a tenant nothing of another (#15)`, () => {
    test.each(Object.entries(reads))('%s', async (_, call) => {
      expect(await call(store.paths, subject)).not.toBeNull();
      expect(await call(store.paths, { ...subject, tenantId: newTenant() })).toBeNull();
      expect(await call(store.paths, { ...nobody, tenantId: scene.tenantId })).toBeNull();
    });

    test.each(Object.entries(writes))('%s', async (_, [code, call]) => {
      const before = await everything();
      const foreign = call(store.paths, { ...subject, tenantId: newTenant() });
      await expect(foreign).rejects.toMatchObject({ code });
      await expect(call(store.paths, { ...nobody, tenantId: scene.tenantId })).rejects.toMatchObject({
        code,
      });
      expect(await everything()).toStrictEqual(before);
      await expect(call(store.paths, subject)).resolves.not.toThrow();
    });
  });

  describe(`${name} refuses (#15)`, () => {
    const refusals: readonly { what: string; code: string; call: () => Promise<unknown> }[] = [
      {
        what: 'to archive the primary path',
        code: 'PATH_IS_PRIMARY',
        call: () => store.paths.deletePath({ tenantId: scene.tenantId, pathId: scene.primary.id }),
      },
      {
        what: 'to delete the primary path for good',
        code: 'PATH_IS_PRIMARY',
        call: () =>
          store.paths.deletePath({ tenantId: scene.tenantId, pathId: scene.primary.id, hardDelete: true }),
      },
      {
        what: 'to delete for good a path that others branched from, archived ones too',
        code: 'PATH_HAS_BRANCHES',
        call: async () => {
          const { tenantId } = scene;
          const [messageId] = await sayOn(store, branch, 'a1');
          const child = await store.paths.branchFromMessage({ tenantId, messageId: messageId! });
          await store.paths.deletePath({ tenantId, pathId: child.id });
          await store.paths.deletePath({ tenantId, pathId: branch.id, hardDelete: true });
        },
      },
      {
        what: 'an archived path as the active one',
        code: 'PATH_IS_ARCHIVED',
        call: async () => {
          const { tenantId, conversationId } = scene;
          await store.paths.deletePath({ tenantId, pathId: branch.id });
          await store.paths.setActivePath({ tenantId, conversationId, pathId: branch.id });
        },
      },
      {
        what: 'a branch from an archived path',
        code: 'PATH_IS_ARCHIVED',
        call: async () => {
          const { tenantId } = scene;
          const [messageId] = await sayOn(store, branch, 'a1');
          await store.paths.deletePath({ tenantId, pathId: branch.id });
          await store.paths.branchFromMessage({ tenantId, messageId: messageId! });
        },
      },
      {
        what: 'a branch from a message that the parent neither holds nor inherits',
        code: 'MESSAGE_NOT_ON_PATH',
        call: () =>
          store.paths.branchFromMessage({
            tenantId: scene.tenantId,
            messageId: scene.messageIds[1],
            parentPathId: branch.id,
          }),
      },
      {
        what: 'a branch on a parent that nobody has',
        code: 'PATH_NOT_FOUND',
        call: () =>
          store.paths.branchFromMessage({
            tenantId: scene.tenantId,
            messageId: scene.messageIds[1],
            parentPathId: 'none',
          }),
      },
      {
        what: 'a branch from a message of another conversation',
        code: 'MESSAGE_NOT_FOUND',
        call: async () => {
          const { tenantId } = scene;
          const { conversationId } = await store.conversations.createConversation({ tenantId });
          await store.paths.createPath({
            tenantId,
            conversationId,
            branchPointMessageId: scene.messageIds[0],
          });
        },
      },
      {
        what: 'to branch from a deleted message, and to pin one',
        code: 'MESSAGE_NOT_FOUND',
        call: async () => {
          const { tenantId, conversationId } = scene;
          const [, messageId] = scene.messageIds;
          await store.conversations.softDeleteMessage({ tenantId, conversationId, messageId });
          const code = 'MESSAGE_NOT_FOUND';
          await expect(store.paths.pinMessage({ tenantId, messageId })).rejects.toMatchObject({ code });
          await store.paths.branchFromMessage({ tenantId, messageId });
        },
      },
    ];

    test.each(refusals)('$what', async ({ code, call }) => {
      await expect(call()).rejects.toMatchObject({ code });
    });

    const merge = { tenantId: 't', sourcePathId: 's', targetPathId: 'p', mode: 'full' } as const;
    const inputs: readonly (readonly [
      call: (paths: ConversationPathStore) => Promise<unknown>,
      says: string,
    ])[] = [
      [
        (paths) => paths.getPath({ tenantId: 'global', pathId: 'p' }),
        'tenantId must not be the name of the level above all tenants, got "global"',
      ],
      [
        (paths) => paths.getPath({ tenantId: 't', pathId: '' }),
        'pathId must be a text of 1 to 200 characters, got ""',
      ],
      [
        (paths) => paths.pinMessage({ tenantId: 't', messageId: 'x'.repeat(201) }),
        `messageId must be a text of 1 to 200 characters, got "${'x'.repeat(60)}"…`,
      ],
      [
        (paths) => paths.createPath({ tenantId: 't', conversationId: 'c', name: '' }),
        'name must be a non-empty text, got ""',
      ],
      [
        (paths) => paths.createPath({ tenantId: 't', conversationId: 'c', parentPathId: 'p' }),
        'branchPointMessageId must be given with parentPathId, got nothing',
      ],
      [
        (paths) => paths.listPaths({ tenantId: 't', conversationId: 'c', archived: true } as never),
        'input must hold known fields only, got "archived"',
      ],
      [
        (paths) => paths.mergePath({ ...merge, mode: 'squash' as 'full' }),
        'mode must be one of summary, full, selective, got "squash"',
      ],
      [
        (paths) => paths.mergePath({ ...merge, targetPathId: 's' }),
        'targetPathId must be another path than sourcePathId, got "s" for both',
      ],
      [
        (paths) => paths.mergePath({ ...merge, mode: 'summary' }),
        'summary must be given in the mode summary, got nothing',
      ],
      [
        (paths) => paths.mergePath({ ...merge, mode: 'selective', messageIds: [] }),
        'messageIds must be given in the mode selective, and only there, got 0 in the mode selective',
      ],
      [
        (paths) => paths.previewMerge({ ...merge, messageIds: ['m'] }),
        'messageIds must be given in the mode selective, and only there, got 1 in the mode full',
      ],
    ];

    test.each(inputs.map(([call, says]) => ({ call, says })))('$says', async ({ call, says }) => {
      await expect(call(store.paths)).rejects.toMatchObject({ code: 'INPUT_INVALID', message: says });
    });
  });
}
