// The whole table of who may read and who may write (#12).
import { describe, expect, test } from 'vitest';
import { type AccessFacts, type ConversationWrite, mayRead, mayWrite } from './reading-rule.ts';

const callers = {
  owner: { tenantId: 'acme', userId: 'ann' },
  colleague: { tenantId: 'acme', userId: 'bob' },
  nobody: { tenantId: 'acme' },
  'the same name elsewhere': { tenantId: 'umbrella', userId: 'ann' },
  'nobody elsewhere': { tenantId: 'umbrella' },
} as const;

type CallerName = keyof typeof callers;

const all: readonly CallerName[] = ['owner', 'colleague', 'nobody'];
const users: readonly CallerName[] = ['owner', 'colleague'];
const owner: readonly CallerName[] = ['owner'];
const none: readonly CallerName[] = [];

const base: AccessFacts = {
  tenantId: 'acme',
  userId: 'ann',
  shareAudience: 'private',
  tenantAccess: 'view',
  authorizationModel: 'supabase_rbac',
};

const { userId: _, ...ownerless } = base;

const openfga = { ...base, authorizationModel: 'openfga' } as const;

interface Case {
  readonly what: string;
  readonly facts: AccessFacts;
  readonly readers: readonly CallerName[];
  /** Of messages, as a user. */
  readonly writers: readonly CallerName[];
  readonly managers: readonly CallerName[];
}

const cases: readonly Case[] = [
  { what: 'private', facts: base, readers: owner, writers: owner, managers: owner },
  {
    what: 'private, whatever access the tenant would have',
    facts: { ...base, tenantAccess: 'edit' },
    readers: owner,
    writers: owner,
    managers: owner,
  },
  {
    what: 'shared with the tenant to view',
    facts: { ...base, shareAudience: 'tenant' },
    readers: all,
    writers: owner,
    managers: owner,
  },
  {
    what: 'shared with the tenant to edit',
    facts: { ...base, shareAudience: 'tenant', tenantAccess: 'edit' },
    readers: all,
    writers: users,
    managers: owner,
  },
  {
    what: 'public',
    facts: { ...base, shareAudience: 'public' },
    readers: all,
    writers: owner,
    managers: owner,
  },
  {
    what: 'public, with an access that is the tenant audience only',
    facts: { ...base, shareAudience: 'public', tenantAccess: 'edit' },
    readers: all,
    writers: owner,
    managers: owner,
  },
  { what: 'without an owner', facts: ownerless, readers: all, writers: all, managers: none },
  {
    what: 'without an owner, shared to edit',
    facts: { ...ownerless, shareAudience: 'tenant', tenantAccess: 'edit' },
    readers: all,
    writers: all,
    managers: none,
  },
  {
    what: 'openfga without a fallback, whatever it was shared as before',
    facts: { ...openfga, shareAudience: 'public', tenantAccess: 'edit' },
    readers: owner,
    writers: owner,
    managers: owner,
  },
  {
    what: 'openfga with a spec that names no fallback',
    facts: { ...openfga, shareAudience: 'tenant', authorizationSpec: { store: 'x' } },
    readers: owner,
    writers: owner,
    managers: owner,
  },
  {
    what: 'openfga that falls back to the tenant',
    facts: { ...openfga, authorizationSpec: { fallbackShareAudience: 'tenant' } },
    readers: all,
    writers: owner,
    managers: owner,
  },
  {
    what: 'openfga that falls back to the tenant, to edit',
    facts: { ...openfga, tenantAccess: 'edit', authorizationSpec: { fallbackShareAudience: 'tenant' } },
    readers: all,
    writers: users,
    managers: owner,
  },
  {
    what: 'openfga that falls back to private although it was shared',
    facts: {
      ...openfga,
      shareAudience: 'tenant',
      tenantAccess: 'edit',
      authorizationSpec: { fallbackShareAudience: 'private' },
    },
    readers: owner,
    writers: owner,
    managers: owner,
  },
  {
    what: 'openfga that falls back to public',
    facts: { ...openfga, authorizationSpec: { fallbackShareAudience: 'public' } },
    readers: all,
    writers: owner,
    managers: owner,
  },
  {
    what: 'ours, whatever the spec of another model says',
    facts: { ...base, authorizationSpec: { fallbackShareAudience: 'public' } },
    readers: owner,
    writers: owner,
    managers: owner,
  },
];

function thoseWho(may: (caller: (typeof callers)[CallerName]) => boolean): string[] {
  return Object.entries(callers)
    .filter(([, caller]) => may(caller))
    .map(([name]) => name);
}

describe.each(cases)('a conversation that is $what (#12)', ({ facts, readers, writers, managers }) => {
  test(`is read by ${readers.join(', ')}`, () => {
    expect(thoseWho((caller) => mayRead(facts, caller))).toEqual(readers);
  });

  test.each<ConversationWrite>([{ kind: 'append', role: 'user' }, { kind: 'delete message' }])(
    'lets through the right ones: $kind',
    (write) => {
      expect(thoseWho((caller) => mayWrite(facts, caller, write))).toEqual(writers);
    },
  );

  test.each<ConversationWrite>([
    { kind: 'append', role: 'assistant' },
    { kind: 'append', role: 'system' },
  ])('is always written by $role, in its own tenant', (write) => {
    expect(thoseWho((caller) => mayWrite(facts, caller, write))).toEqual(all);
  });

  test.each<ConversationWrite>([{ kind: 'share' }, { kind: 'archive' }])(
    'is changed by its owner alone: $kind',
    (write) => {
      expect(thoseWho((caller) => mayWrite(facts, caller, write))).toEqual(managers);
    },
  );
});
