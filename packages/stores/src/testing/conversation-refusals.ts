// What no conversation store takes, and the words of the refusal: a part of the conformance suite.
import { formatCursor } from '../conversation/conversation-cursor.ts';
import type { ConversationStore } from '../conversation/conversation-store.ts';

interface RefusedInput {
  readonly what: string;
  readonly act: (store: ConversationStore) => Promise<unknown>;
  readonly says: string;
}

const tenantId = 't';
const own = { tenantId, conversationId: 'c' };
const noId = 'must be a text of 1 to 200 characters';

/** As a caller without types would give it. */
function untyped(value: object): never {
  return value as never;
}

export const refusedInputs: readonly RefusedInput[] = [
  {
    what: 'a tenant called global',
    act: (store) => store.createConversation({ tenantId: 'global' }),
    says: 'tenantId must not be the name of the level above all tenants, got "global"',
  },
  {
    what: 'an empty tenant',
    act: (store) => store.listConversations({ tenantId: '' }),
    says: `tenantId ${noId}, got ""`,
  },
  {
    what: 'a read without a tenant',
    act: (store) => store.getConversation(untyped({ conversationId: 'c' })),
    says: `tenantId ${noId}, got nothing`,
  },
  {
    what: 'messages without a tenant',
    act: (store) => store.getMessages(untyped({ conversationId: 'c' })),
    says: `tenantId ${noId}, got nothing`,
  },
  {
    what: 'an empty conversation id',
    act: (store) => store.getConversation({ tenantId, conversationId: '' }),
    says: `conversationId ${noId}, got ""`,
  },
  {
    what: 'a conversation id of 201 characters',
    act: (store) =>
      store.appendMessage({ ...own, conversationId: 'x'.repeat(201), role: 'user', content: '' }),
    says: `conversationId ${noId}, got "${'x'.repeat(60)}"…`,
  },
  {
    what: 'an empty owner',
    act: (store) => store.createConversation({ tenantId, userId: '' }),
    says: `userId ${noId}, got ""`,
  },
  {
    what: 'null for an absent owner',
    act: (store) => store.createConversation(untyped({ tenantId, userId: null })),
    says: `userId ${noId}, got null`,
  },
  {
    what: 'an unknown audience',
    act: (store) => store.createConversation(untyped({ tenantId, shareAudience: 'world' })),
    says: 'shareAudience must be one of private, tenant, public, got "world"',
  },
  {
    what: 'an unknown access',
    act: (store) => store.updateSharing(untyped({ ...own, userId: 'u', tenantAccess: 'own' })),
    says: 'tenantAccess must be one of view, edit, got "own"',
  },
  {
    what: 'an empty title',
    act: (store) => store.updateSharing({ ...own, userId: 'u', title: '' }),
    says: 'title must be a non-empty text, got ""',
  },
  {
    what: 'jurisdictions that are no list',
    act: (store) => store.createConversation(untyped({ tenantId, jurisdictions: 'eu' })),
    says: 'jurisdictions must be a list of texts, got "eu"',
  },
  {
    what: 'an empty jurisdiction',
    act: (store) => store.createConversation({ tenantId, jurisdictions: ['eu', ''] }),
    says: 'jurisdictions[1] must be a non-empty text, got ""',
  },
  {
    what: 'an authorization model, which is not for callers to choose',
    act: (store) => store.createConversation(untyped({ tenantId, authorizationModel: 'openfga' })),
    says: 'conversation must hold known fields only, got "authorizationModel"',
  },
  {
    what: 'an unknown role',
    act: (store) => store.appendMessage(untyped({ ...own, role: 'tool', content: 'x' })),
    says: 'role must be one of user, assistant, system, got "tool"',
  },
  {
    what: 'a message without content',
    act: (store) => store.appendMessage(untyped({ ...own, role: 'user' })),
    says: 'content must be a text, got nothing',
  },
  {
    what: 'a NUL, which PostgreSQL can not store',
    act: (store) => store.appendMessage({ ...own, role: 'user', content: 'a\0b' }),
    says: 'content must not contain NUL or half of a surrogate pair, got "a\\u0000b"',
  },
  ...[
    ['a list', []],
    ['a date inside', { at: new Date(0) }],
    ['what is no number', { x: Number.NaN }],
    ['a NUL inside', { x: ['\0'] }],
    ['a NUL in a name', { 'a\0': 1 }],
    ['half of a surrogate pair', { x: '\uD83D' }],
    ['a name that objects inherit their nature from', JSON.parse('{"x":{"__proto__":1}}') as object],
  ].map(([what, metadata]) => ({
    what: `metadata that is or holds ${what as string}`,
    act: (store: ConversationStore) =>
      store.appendMessage(untyped({ ...own, role: 'user', content: '', metadata })),
    says: `metadata must be an object of JSON values, nested 50 times at most, got ${
      Array.isArray(metadata) ? 'a list' : 'an object'
    }`,
  })),
  {
    what: 'a limit of nothing',
    act: (store) => store.getMessages({ ...own, limit: 0 }),
    says: 'limit must be a whole number from 1 to 1000, got 0',
  },
  {
    what: 'a limit of messages beyond all',
    act: (store) => store.getMessages({ ...own, limit: 1_001 }),
    says: 'limit must be a whole number from 1 to 1000, got 1001',
  },
  {
    what: 'a limit of conversations beyond all',
    act: (store) => store.listConversations({ tenantId, limit: 201 }),
    says: 'limit must be a whole number from 1 to 200, got 201',
  },
  {
    what: 'half a limit',
    act: (store) => store.listConversations({ tenantId, limit: 1.5 }),
    says: 'limit must be a whole number from 1 to 200, got 1.5',
  },
  {
    what: 'an unknown status',
    act: (store) => store.listConversations(untyped({ tenantId, status: 'open' })),
    says: 'status must be one of active, archived, all, got "open"',
  },
  {
    what: 'a cursor that nobody gave',
    act: (store) => store.listConversations({ tenantId, cursor: 'bm90aGluZw' }),
    says: 'cursor must be the nextCursor of an earlier page, got another text',
  },
  ...[
    '0000-01-01T00:00:00+00:00',
    '2026-01-01T00:00:00+16:00',
    '2026-01-01T00:00:00-23:59',
    `2026-01-01T00:00:00.${'1'.repeat(200)}+00:00`,
  ].map((time): RefusedInput => ({
    what: `a cursor that somebody made up, with the time ${time.slice(0, 40)}`,
    act: (store) =>
      store.listConversations({
        tenantId,
        cursor: formatCursor({
          kind: 'newest first',
          lastMessageAt: time,
          createdAt: time,
          id: 'c',
          newest: time,
        }),
      }),
    says: 'cursor must be the nextCursor of an earlier page, got another text',
  })),
  {
    what: 'sharing without a user',
    act: (store) => store.updateSharing(untyped({ ...own, title: 'x' })),
    says: `userId ${noId}, got nothing`,
  },
  {
    what: 'archiving without a user',
    act: (store) => store.setArchivedState(untyped({ ...own, archived: true })),
    says: `userId ${noId}, got nothing`,
  },
  {
    what: 'archiving that is no flag',
    act: (store) => store.setArchivedState(untyped({ ...own, userId: 'u', archived: 'no' })),
    says: 'archived must be true or false, got "no"',
  },
];
