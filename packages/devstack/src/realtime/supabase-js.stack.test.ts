// An unmodified supabase-js against the gateway: what its callbacks are told.
import {
  createClient,
  REALTIME_SUBSCRIBE_STATES,
  type RealtimeChannel,
  type SupabaseClient,
} from '@supabase/supabase-js';
import { Client } from 'pg';
import { RealtimeClient } from '@supabase/realtime-js';
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

test('a subscriber under row level security sees its own rows, and the key of every row that is deleted', async () => {
  const [own, other] = ['aaaaaaaa-0000-4000-8000-000000000001', 'bbbbbbbb-0000-4000-8000-000000000002'];
  const heard = await listen(await connect('authenticated', { tenant_id: own }), 'tenant_llm_policies');
  for (const id of [other, own]) {
    await bench.sql(`insert into copilot_internal.tenant_llm_policies values ('${id}', 'gpt')`);
  }
  await bench.sql(`delete from copilot_internal.tenant_llm_policies where tenant_id = '${other}'`);
  await until(() => heard.changes.length === 2, { what: 'two changes' });
  expect(heard.changes).toMatchObject([
    { type: 'INSERT', new: { tenant_id: own } },
    { type: 'DELETE', old: { tenant_id: other } },
  ]);
});

test('SUBSCRIBED comes for a table that is not published, and then an error', async () => {
  const heard = await listen(await connect('service_role'), 'not_published');
  expect(heard.statuses).toEqual(['SUBSCRIBED']);
  expect(heard.system).toMatchObject([{ status: 'error' }]);
});

test('after removeChannel nothing comes any more, and the other channel goes on', async () => {
  const client = await connect('service_role');
  const removed = await listen(client, 'norls_default');
  const kept = await listen(client, 'norls_full');
  expect(await client.removeChannel(removed.channel)).toBe('ok');
  await bench.sql(
    `insert into copilot_internal.norls_default values ('aaaaaaaa-0000-4000-8000-000000000001');
     truncate copilot_internal.norls_full;
     insert into copilot_internal.norls_full values ('aaaaaaaa-0000-4000-8000-000000000001')`,
  );
  await until(() => kept.changes.length === 1, { what: 'the change of the other table' });
  expect(removed.changes).toEqual([]);
  expect(removed.statuses).toEqual(['SUBSCRIBED', 'CLOSED']);
});

test('setAuth before the token expires keeps the channel, and says `system ok` again', async () => {
  const client = await connect('service_role');
  await client.realtime.setAuth(await makeToken({ role: 'service_role', expiresInSeconds: 2 }));
  const heard = await listen(client, 'norls_default');
  const expiresAtMs = Date.now() + 2_000;
  await client.realtime.setAuth(await makeToken({ role: 'service_role', claims: { jti: 'new' } }));
  await until(() => heard.system.length === 2, { what: 'the second system ok' });
  await until(() => Date.now() > expiresAtMs, { what: 'the first token to expire' });
  await bench.sql(
    `insert into copilot_internal.norls_default values ('aaaaaaaa-0000-4000-8000-000000000001')`,
  );
  await until(() => heard.changes.length === 1, { what: 'the change' });
  expect(heard.statuses).toEqual(['SUBSCRIBED']);
});

test('a channel whose token expires is told, closed, and stays closed', async () => {
  const client = await connect('service_role');
  await client.realtime.setAuth(await makeToken({ role: 'service_role', expiresInSeconds: 1 }));
  const heard = await listen(client, 'norls_default');
  await until(() => heard.statuses.includes('CLOSED'), { what: 'the end of the channel' });
  expect(heard.system.at(-1)).toMatchObject({ status: 'error', message: 'Token has expired 0 seconds ago' });
  expect(client.getChannels()).toEqual([]);
});

test.each([1012, 1006] as const)(
  'after a restart (%i) the client is back by itself and told again',
  async (code) => {
    const heard = await listen(await connect('service_role'), 'norls_default');
    await bench.gateway.restart(code, 50);
    await until(() => heard.system.length === 2, { what: 'the second system ok' });
    await bench.sql(
      `insert into copilot_internal.norls_default values ('aaaaaaaa-0000-4000-8000-000000000001')`,
    );
    await until(() => heard.changes.length === 1, { what: 'the change' });
    expect(heard.statuses).toEqual(['SUBSCRIBED', 'CHANNEL_ERROR', 'SUBSCRIBED']);
  },
);

interface Message {
  event: string;
  payload: Record<string, unknown>;
}

async function join(
  client: SupabaseClient,
  config: object,
): Promise<{ channel: RealtimeChannel; messages: Message[] }> {
  const messages: Message[] = [];
  const channel = client.channel('room', { config });
  channel.on('broadcast', { event: '*' }, ({ event, payload }) => {
    messages.push({ event, payload: payload as Record<string, unknown> });
  });
  const joined = Promise.withResolvers<void>();
  channel.subscribe((status, error) => {
    if (status === REALTIME_SUBSCRIBE_STATES.SUBSCRIBED) joined.resolve();
    else if (error !== undefined) joined.reject(error);
  });
  await joined.promise;
  return { channel, messages };
}

const isPrivate = { private: true };

test('what realtime.send commits reaches the private topic, and the public one of that name does not hear it', async () => {
  const shy = await join(await connect('service_role'), isPrivate);
  const open = await join(await connect('service_role'), {});
  await bench.sql(`select realtime.send('{"n": 1}', 'secret', 'room', true)`);
  await bench.sql(`select realtime.send('{"n": 2}', 'shout', 'room', false)`);
  await until(() => shy.messages.length + open.messages.length === 2, { what: 'both messages' });
  expect(shy.messages).toMatchObject([{ event: 'secret', payload: { n: 1 } }]);
  expect(open.messages).toMatchObject([{ event: 'shout', payload: { n: 2 } }]);
});

test('a private topic is closed to whom no policy lets in', async () => {
  const client = await connect('authenticated', { sub: 'nobody' });
  await expect(join(client, isPrivate)).rejects.toThrow(
    'Unauthorized: You do not have permissions to read from this Channel topic: room',
  );
});

test('a policy on realtime.messages lets a role read a private topic, and only read', async () => {
  const migrations = new Client({ connectionString: bench.postgres.url });
  await migrations.connect();
  await migrations.query(
    `create policy rooms on realtime.messages for select to authenticated
       using (realtime.topic() = 'room' and auth.jwt() ->> 'tenant_id' = 'a')`,
  );
  try {
    const reader = await join(await connect('authenticated', { tenant_id: 'a' }), {
      ...isPrivate,
      broadcast: { ack: true },
    });
    const service = await join(await connect('service_role'), { ...isPrivate, broadcast: { ack: true } });
    expect(await reader.channel.send({ type: 'broadcast', event: 'up', payload: {} })).toBe('error');
    expect(await service.channel.send({ type: 'broadcast', event: 'down', payload: { n: 3 } })).toBe('ok');
    await until(() => reader.messages.length === 1, { what: 'the message' });
    expect(reader.messages).toMatchObject([{ event: 'down', payload: { n: 3 } }]);
    expect(service.messages).toEqual([]);
  } finally {
    await migrations.query('drop policy rooms on realtime.messages');
    await migrations.end();
  }
});

test('a client hears its own broadcasts only when it asks for them, and bytes stay bytes', async () => {
  const quiet = await join(await connect('anon'), {});
  const echoed = await join(await connect('anon'), { broadcast: { self: true, ack: true } });
  const bytes = new Uint8Array([0, 1, 255]);
  await echoed.channel.send({ type: 'broadcast', event: 'bytes', payload: bytes.buffer });
  await quiet.channel.send({ type: 'broadcast', event: 'text', payload: { ä: '🌊' } });
  await until(() => quiet.messages.length === 1 && echoed.messages.length === 2, { what: 'all messages' });
  expect(new Uint8Array(quiet.messages[0]!.payload as unknown as ArrayBuffer)).toEqual(bytes);
  expect(echoed.messages.map(({ event }) => event)).toEqual(['bytes', 'text']);
  expect(echoed.messages[1]!.payload).toEqual({ ä: '🌊' });
});

test('a broadcast over HTTP reaches the topic', async () => {
  const listener = await join(await connect('anon'), {});
  const sender = (await connect('anon')).channel('room');
  expect(await sender.httpSend('single', { n: 4 })).toEqual({ success: true });
  await until(() => listener.messages.length === 1, { what: 'the message' });
  expect(listener.messages).toMatchObject([{ event: 'single', payload: { n: 4 } }]);
  const response = await fetch(`${bench.url}/realtime/v1/api/broadcast`, {
    method: 'POST',
    headers: { apikey: await makeToken({ role: 'anon', expiresInSeconds: -1 }) },
    body: '{}',
  });
  expect(response.status).toBe(401);
});

test('whoever is present is shown to the others, until it leaves', async () => {
  const seen: string[][] = [];
  const watching = (await connect('anon')).channel('lobby');
  const keys = (): string[] => Object.keys(watching.presenceState());
  watching.on('presence', { event: 'sync' }, () => seen.push(keys())).subscribe();
  await until(() => seen.length === 1, { what: 'the first state' });
  const visitor = (await connect('anon')).channel('lobby', { config: { presence: { key: 'visitor' } } });
  visitor.on('presence', { event: 'sync' }, () => undefined);
  const joined = Promise.withResolvers<void>();
  visitor.subscribe((status) =>
    status === REALTIME_SUBSCRIBE_STATES.SUBSCRIBED ? joined.resolve() : undefined,
  );
  await joined.promise;
  expect(await visitor.track({ at: 'the door' })).toBe('ok');
  await until(() => keys().includes('visitor'), { what: 'the visitor to be seen' });
  await visitor.unsubscribe();
  await until(() => !keys().includes('visitor'), { what: 'the visitor to be gone' });
  expect(seen[0]).toEqual([]);
});

test('a client of protocol 1.0.0 is served as well', async () => {
  const apikey = await makeToken({ role: 'service_role' });
  const client = new RealtimeClient(`${bench.url}/realtime/v1`.replace('http', 'ws'), {
    params: { apikey },
    vsn: '1.0.0',
  });
  const heard: unknown[] = [];
  const channel = client.channel('old', { config: { broadcast: { self: true } } });
  channel
    .on('postgres_changes', { event: 'UPDATE', schema: 'copilot_internal', table: 'lat' }, (change) =>
      heard.push(change.new),
    )
    .on('broadcast', { event: 'text' }, ({ payload }) => heard.push(payload));
  const isReady = Promise.withResolvers<void>();
  channel.on('system', {}, () => isReady.resolve()).subscribe();
  await isReady.promise;
  await channel.send({ type: 'broadcast', event: 'text', payload: { n: 1 } });
  await until(() => heard.length === 1, { what: 'the broadcast' });
  await bench.sql('update copilot_internal.lat set v = 77');
  await until(() => heard.length === 2, { what: 'the change' });
  expect(heard).toMatchObject([{ n: 1 }, { id: 1, v: 77 }]);
  await client.disconnect();
});
