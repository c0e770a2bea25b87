import { describe, expect, test } from 'vitest';
import { InMemoryConversationData } from '../conversation/in-memory-conversation-data.ts';
import { InMemoryConversationStore } from '../conversation/in-memory-conversation-store.ts';
import { type Choice, describeChoices } from '../testing/factory-suite.ts';
import { fakeDataApi, json } from '../testing/fake-data-api.ts';
import { type ConversationPathStoreOptions, createConversationPathStore } from './create-path-store.ts';
import { InMemoryConversationPathStore } from './in-memory-path-store.ts';
import { InvalidatingConversationPathStore } from './invalidating-path-store.ts';
import { SupabaseConversationPathStore } from './supabase-path-store.ts';

const api = (): Required<Pick<ConversationPathStoreOptions, 'supabase'>> => ({
  supabase: fakeDataApi(() => json(null)).supabase,
});

const choices: readonly Choice<ConversationPathStoreOptions>[] = [
  {
    what: 'Supabase beside a conversation store: its cached conversations are told',
    options: () => ({ ...api(), conversations: new InMemoryConversationStore() }),
    kind: InvalidatingConversationPathStore,
    logged: { backend: 'supabase', tellsConversations: true },
  },
  {
    what: 'Supabase alone: plain',
    options: api,
    kind: SupabaseConversationPathStore,
    logged: { backend: 'supabase', tellsConversations: false },
  },
  {
    what: 'nothing, in a test: memory',
    options: () => ({ env: { NODE_ENV: 'test' } }),
    kind: InMemoryConversationPathStore,
    logged: {
      backend: 'memory',
      reason: 'no Supabase client was given, NODE_ENV=test',
      tellsConversations: false,
    },
  },
  {
    what: 'memory where it is asked for, whatever else is there',
    options: () => ({ ...api(), env: { NODE_ENV: 'test', COPILOT_CONVERSATIONS_MODE: 'memory' } }),
    kind: InMemoryConversationPathStore,
    logged: { backend: 'memory', reason: 'COPILOT_CONVERSATIONS_MODE=memory', tellsConversations: false },
  },
];

describeChoices(
  { create: createConversationPathStore, component: 'path-store', chosen: 'path store' },
  choices,
);

test('in memory, the paths are those of the conversations that share the rows (#4)', async () => {
  const memory = new InMemoryConversationData();
  const paths = createConversationPathStore({ memory, env: { NODE_ENV: 'test' } });
  const { conversationId } = await new InMemoryConversationStore(memory).createConversation({
    tenantId: 't',
  });
  expect(await paths.getPrimaryPath({ tenantId: 't', conversationId })).toMatchObject({ isPrimary: true });
});

describe('the options', () => {
  test.each(['production', 'staging', undefined])('refuse memory when NODE_ENV is %s (#4)', (nodeEnv) => {
    expect(() => createConversationPathStore({ env: { NODE_ENV: nodeEnv } })).toThrow(
      /^createConversationPathStore needs a Supabase client outside NODE_ENV=development and test/,
    );
  });

  test('name the client for the internal schema', async () => {
    const internal = fakeDataApi(() => json(null));
    const paths = createConversationPathStore({ ...api(), supabaseInternal: internal.supabase });
    expect(await paths.getPath({ tenantId: 't', pathId: 'p' })).toBeNull();
    expect(internal.requests).toHaveLength(1);
    expect(internal.requests[0]?.headers.get('content-profile')).toBe('copilot_internal');
  });

  test('refuse a name nobody knows', () => {
    expect(() => createConversationPathStore({ cache: 1, env: { NODE_ENV: 'test' } } as never)).toThrow(
      /^createConversationPathStore must be given known options only .*got cache$/,
    );
  });
});
