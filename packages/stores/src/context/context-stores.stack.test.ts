// The stores of contexts and of execution contexts on a real PostgreSQL and Data API. Both here, because neither needs
// more of a stack than that.
import type { SupabaseClient } from '@supabase/supabase-js';
import { startStack, type Stack, until } from '@tidemark/devstack';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SupabaseConversationStore } from '../conversation/supabase-conversation-store.ts';
import { SupabaseExecutionContextStore } from '../execution/supabase-execution-context-store.ts';
import { describeContextStore } from '../testing/context-store-suite.ts';
import { describeExecutionContextStore } from '../testing/execution-context-store-suite.ts';
import { connectSupabase } from '../testing/policy-instance.ts';
import { SupabaseConversationContextStore } from './supabase-context-store.ts';

/** Each costs round trips to a real server. */
const runs = 25;

let stack: Stack;
let database: Client;
let supabase: SupabaseClient;
let contexts: SupabaseConversationContextStore;
let executions: SupabaseExecutionContextStore;

beforeAll(async () => {
  stack = await startStack({ realtime: false, redis: false });
  database = new Client({ connectionString: stack.databaseUrl });
  await database.connect();
  supabase = connectSupabase(stack, stack.serviceRoleKey);
  contexts = new SupabaseConversationContextStore(supabase);
  executions = new SupabaseExecutionContextStore(supabase);
});

afterAll(async () => {
  await database.end();
  await stack.close();
});

async function newConversation(tenantId: string): Promise<string> {
  const { conversationId } = await new SupabaseConversationStore(supabase).createConversation({ tenantId });
  return conversationId;
}

async function isOver(moment: Date): Promise<boolean> {
  // A Date has cut off what is finer than a millisecond.
  const { rowCount } = await database.query(
    `select where clock_timestamp() > $1::timestamptz + interval '1 millisecond'`,
    [moment],
  );
  return rowCount === 1;
}

describeContextStore('SupabaseConversationContextStore', { store: () => contexts, newConversation, runs });

describeExecutionContextStore('SupabaseExecutionContextStore', {
  store: () => executions,
  passed: (moment) => until(() => isOver(moment), { what: 'a moment to be over' }),
  runs,
});

test('a save and a merge say who wrote (#22)', async () => {
  const identity = { tenantId: 't', conversationId: await newConversation('t') };
  const updatedBy = async (): Promise<unknown> => {
    const { rows } = await database.query<{ updated_by: string | null }>(
      'select updated_by from copilot_internal.conversation_contexts where conversation_id = $1',
      [identity.conversationId],
    );
    return rows[0]?.updated_by;
  };
  await contexts.save(identity, { activeNodeIds: [] }, { updatedBy: 'user-1' });
  expect(await updatedBy()).toBe('user-1');
  await contexts.mergeActiveNodeIds(identity, ['a'], { updatedBy: 'user-2' });
  expect(await updatedBy()).toBe('user-2');
  await contexts.mergeActiveNodeIds(identity, ['b']);
  expect(await updatedBy()).toBeNull();
});

test('a terminated execution context stays as a row (#16)', async () => {
  const { id } = await executions.createContext({ tenantId: 't', conversationId: 'c', pathId: 'soft' });
  const terminated = await executions.terminateContext(id);
  const { rows } = await database.query(
    'select status, terminated_at from copilot_internal.execution_contexts where id = $1',
    [id],
  );
  expect(rows).toEqual([{ status: 'terminated', terminated_at: expect.any(Date) as Date }]);
  expect(terminated?.terminatedAt).toBeInstanceOf(Date);
});

test('anon is refused, with the code of PostgREST (#23)', async () => {
  const anon = connectSupabase(stack, stack.anonKey);
  const refusal = { code: 'SOURCE_FAILED', sourceCode: '42501' };
  const identity = { tenantId: 't', conversationId: 'c' };
  const context = new SupabaseConversationContextStore(anon);
  const execution = new SupabaseExecutionContextStore(anon);
  await expect(context.load(identity)).rejects.toMatchObject(refusal);
  await expect(context.save(identity, { activeNodeIds: [] })).rejects.toMatchObject(refusal);
  await expect(context.mergeActiveNodeIds(identity, [])).rejects.toMatchObject(refusal);
  await expect(execution.createContext({ ...identity, pathId: 'p' })).rejects.toMatchObject(refusal);
  await expect(execution.getExpiredContexts()).rejects.toMatchObject(refusal);
  await expect(execution.isReady('id')).rejects.toMatchObject(refusal);
});
