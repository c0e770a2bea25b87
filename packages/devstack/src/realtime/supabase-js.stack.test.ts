// An unmodified supabase-js against the gateway: what its callbacks are told.
import { createClient, type RealtimeChannel, type SupabaseClient } from '@supabase/supabase-js';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../processes/until.ts';
import { makeToken, type RealtimeBench, startRealtimeBench } from '../testing/realtime-bench.ts';

let bench: RealtimeBench;
let clients: SupabaseClient[];

beforeAll(async () => {
  bench = await startRealtimeBench();
});
afterAll(async () => await bench.close());
beforeEach(async () => {
  clients = [];
  await bench.sql('truncate copilot_internal.tenant_llm_policies, copilot_internal.norls_default');
});
afterEach(async () => {
  for (const client of clients) {
    await client.removeAllChannels();
    await client.realtime.disconnect();
  }
});

async function connect(role: string, claims: Record<string, unknown> = {}): Promise<SupabaseClient> {
  const client = createClient(bench.url, await makeToken({ role, claims }), {
    auth: { persistSession: false, autoRefreshToken: false },
    realtime: { reconnectAfterMs: () => 20 },
  });
  clients.push(client);
  return client;
}

interface Heard {
  readonly channel: RealtimeChannel;
  readonly changes: Record<string, unknown>[];
  readonly statuses: string[];
  readonly system: { status: string; message: string }[];
}

async function listen(client: SupabaseClient, table: string): Promise<Heard> {
  const heard: Heard = { channel: client.channel(`of ${table}`), changes: [], statuses: [], system: [] };
  heard.channel
    .on('postgres_changes', { event: '*', schema: 'copilot_internal', table }, (change) => {
      heard.changes.push({ type: change.eventType, new: change.new, old: change.old, errors: change.errors });
    })
    .on('system', {}, (message: { status: string; message: string }) => heard.system.push(message))
    .subscribe((status) => heard.statuses.push(status));
  await until(() => heard.system.length > 0, { what: 'a system message' });
  return heard;
}

test('a subscriber is told of an insert, an update and a delete', async () => {
  const heard = await listen(await connect('service_role'), 'norls_default');
  const id = 'aaaaaaaa-0000-4000-8000-000000000001';
  await bench.sql(
    `insert into copilot_internal.norls_default values ('${id}', 'gpt', 100, 'first', '2026-01-01');
     update copilot_internal.norls_default set max_tokens = 200;
     delete from copilot_internal.norls_default`,
  );
  await until(() => heard.changes.length === 3, { what: 'three changes' });
  const row = { tenant_id: id, model: 'gpt', note: 'first', updated_at: '2026-01-01T00:00:00+00:00' };
  expect(heard.statuses).toEqual(['SUBSCRIBED']);
  expect(heard.changes).toEqual([
    { type: 'INSERT', new: { ...row, max_tokens: 100 }, old: {}, errors: null },
    { type: 'UPDATE', new: { ...row, max_tokens: 200 }, old: { tenant_id: id }, errors: null },
    { type: 'DELETE', new: {}, old: { tenant_id: id }, errors: null },
  ]);
});
