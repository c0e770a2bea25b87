// What the recordings do not show: every type of column, the switches, the edges of the protocol, and the end.
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../processes/until.ts';
import {
  makeToken,
  type RealtimeBench,
  type RealtimeDoor,
  socketUrl,
  startRealtimeBench,
} from '../testing/realtime-bench.ts';
import { FrameClient } from '../testing/realtime-frame-client.ts';
import { realtimeSql } from './index.ts';

let bench: RealtimeBench;

beforeAll(async () => {
  bench = await startRealtimeBench();
});
afterAll(async () => await bench.close());

async function connect(door: RealtimeDoor = bench): Promise<FrameClient> {
  const client = new FrameClient();
  await client.connect(socketUrl(door, await makeToken({ role: 'service_role' })));
  return client;
}

function texts(client: FrameClient): readonly string[] {
  return client.frames.map(String);
}

async function subscribe(client: FrameClient, table: string, topic = table): Promise<void> {
  const before = texts(client).filter((text) => text.includes('Subscribed to PostgreSQL')).length;
  const binding = `{"event":"*","schema":"copilot_internal","table":"${table}"}`;
  client.send(`["1","1","realtime:${topic}","phx_join",{"config":{"postgres_changes":[${binding}]}}]`);
  await until(
    () => texts(client).filter((text) => text.includes('Subscribed to PostgreSQL')).length > before,
    { what: 'the subscription' },
  );
}

function changes(client: FrameClient): readonly string[] {
  return texts(client).filter((text) => text.includes('"postgres_changes",{"data"'));
}

async function writeOnce(): Promise<void> {
  await bench.sql('update copilot_internal.lat set v = v + 1');
}

const values = [
  `int2 '-1'`,
  `int8 '9007199254740993'`,
  `numeric '1.500'`,
  `numeric 'NaN'`,
  `numeric '1e30'`,
  `float8 '1e300'`,
  `float8 '-0.1'`,
  `float8 'Infinity'`,
  `true`,
  `'a "quoted" line\n and 🌊'::text`,
  `'ab'::char(4)`,
  `date '2026-01-02'`,
  `date 'infinity'`,
  `timestamp '2026-01-02 03:04:05.678'`,
  `timestamptz '2026-01-02 03:04:05+02'`,
  `timestamptz 'infinity'`,
  `timestamptz '0044-03-15 12:00:00+00 BC'`,
  `interval '1 day 02:03:04'`,
  `'{"b": 1, "a": [1.10, null]}'::json`,
  `'{"b": 1, "a": [1.10, null]}'::jsonb`,
  `'{1,2,null}'::int4[]`,
  `'{a,"b c"}'::text[]`,
  `'\\x00ff'::bytea`,
  `inet '10.0.0.1/8'`,
  `int4range(1, 5)`,
  `'3'::copilot_internal.small`,
  `'sad'::copilot_internal.mood`,
  `row(1, 'x')::copilot_internal.pair`,
];

test('every type of column becomes what to_jsonb makes of it', async () => {
  await bench.sql(`
    create domain copilot_internal.small as int4 check (value < 10);
    create type copilot_internal.mood as enum ('sad', 'glad');
    create type copilot_internal.pair as (a int4, b text);
    set search_path = copilot_internal;
    create table typed as select ${values.map((value, index) => `${value} as c${index}`).join(', ')}, 1 as id;
    alter table typed add primary key (id);
    grant select on typed to service_role;
    alter publication supabase_realtime add table typed;
    reset search_path`);
  const client = await connect();
  await subscribe(client, 'typed');
  await bench.sql('update copilot_internal.typed set id = 2');
  await until(() => changes(client).length === 1, { what: 'the change' });

  const asking = new Client({ connectionString: bench.postgres.urlFor('supabase_admin') });
  await asking.connect();
  const answer = await asking.query<{ row: string }>(
    'select to_jsonb(t)::text as row from copilot_internal.typed t',
  );
  await asking.end();
  expect(/"record":(.*),"schema"/.exec(changes(client)[0]!)?.[1]).toBe(answer.rows[0]!.row);
  await client.close();
});

test('a silent server answers heartbeats and delivers no change; switched off, it delivers again', async () => {
  await using other = await bench.openDoor();
  const [client, control] = [await connect(), await connect(other)];
  await Promise.all([subscribe(client, 'lat'), subscribe(control, 'lat')]);
  bench.gateway.vices.areChangesSilent = true;
  for (let come = 1; come <= 10; come += 1) {
    await writeOnce();
    await until(() => changes(control).length === come, { what: 'the change at the other gateway' });
  }
  client.send('[null,"9","phoenix","heartbeat",{}]');
  await until(() => texts(client).some((text) => text.startsWith('[null,"9"')), { what: 'the heartbeat' });
  expect(changes(client)).toEqual([]);
  // The switches are independent.
  Object.assign(bench.gateway.vices, { areChangesSilent: false, areBroadcastsSilent: true });
  await writeOnce();
  await until(() => changes(client).length > 0, { what: 'a change' });
  bench.gateway.vices.areBroadcastsSilent = false;
  await Promise.all([client.close(), control.close()]);
});

test('silent broadcasts are lost, and changes still come', async () => {
  await using other = await bench.openDoor();
  const [client, control] = [await connect(), await connect(other)];
  const heard = (of: FrameClient, event: string): number =>
    texts(of).filter((text) => text.includes(event)).length;
  for (const each of [client, control]) {
    each.send('["1","1","realtime:room","phx_join",{"config":{"private":true}}]');
    await until(() => each.frames.length === 1, { what: 'the join' });
  }
  bench.gateway.vices.areBroadcastsSilent = true;
  for (let come = 1; come <= 10; come += 1) {
    await bench.sql(`select realtime.send('{}', 'lost', 'room')`);
    await until(() => heard(control, 'lost') === come, { what: 'the broadcast at the other gateway' });
  }
  await subscribe(client, 'lat');
  await writeOnce();
  await until(() => changes(client).length === 1, { what: 'the change' });
  expect(heard(client, 'lost')).toBe(0);
  bench.gateway.vices.areBroadcastsSilent = false;
  await bench.sql(`select realtime.send('{}', 'found', 'room')`);
  await until(() => heard(client, 'found') === 1, { what: 'the broadcast' });
  await Promise.all([client.close(), control.close()]);
});

test('a late `system ok` that is not lossy delivers what was committed before it', async () => {
  await using door = await bench.openDoor();
  door.gateway.vices.systemOkDelayMs = 200;
  const client = await connect(door);
  const subscribed = subscribe(client, 'lat');
  await until(() => client.frames.length === 1, { what: 'the join' });
  await bench.sql('select 1');
  await until(
    async () => {
      await writeOnce();
      return changes(client).length > 0;
    },
    { what: 'a change' },
  );
  expect(texts(client).some((text) => text.includes('Subscribed to PostgreSQL'))).toBe(false);
  await subscribed;
  await client.close();
});

test('a second join of a topic ends the first channel', async () => {
  const client = await connect();
  client.send('["1","1","realtime:twice","phx_join",{"config":{}}]');
  client.send('["2","2","realtime:twice","phx_join",{"config":{}}]');
  await until(() => client.frames.length === 3, { what: 'the answers' });
  expect(texts(client).slice(1)).toEqual([
    '["1","1","realtime:twice","phx_close",{}]',
    '["2","2","realtime:twice","phx_reply",{"response":{"postgres_changes":[]},"status":"ok"}]',
  ]);
  await client.close();
});

test('what is for no channel is refused, and garbage is ignored', async () => {
  const client = await connect();
  client.send('{"no":"frame"}');
  client.send(Buffer.from([9, 9]));
  client.send('["1","1","realtime:","phx_join",{}]');
  client.send('["1","2","elsewhere","phx_join",{}]');
  client.send('["1","3","realtime:unknown","broadcast",{}]');
  client.send('["1","4","realtime:unknown","phx_leave",{}]');
  await until(() => client.frames.length === 4, { what: 'the answers' });
  const reply = (ref: string, topic: string, reason: string): string =>
    `["1","${ref}","${topic}","phx_reply",{"response":{"reason":"${reason}"},"status":"error"}]`;
  expect(texts(client)).toEqual([
    reply('1', 'realtime:', 'TopicNameRequired: You must provide a topic name'),
    reply('2', 'elsewhere', 'unmatched topic'),
    reply('3', 'realtime:unknown', 'unmatched topic'),
    '["1","4","realtime:unknown","phx_reply",{"response":{},"status":"ok"}]',
  ]);
  await client.close();
});

test('without a trigger function to blame, realtime.send warns and the transaction goes on', async () => {
  const warnings: string[] = [];
  const client = new Client({ connectionString: bench.postgres.urlFor('supabase_admin') });
  client.on('notice', ({ message }) => warnings.push(message ?? ''));
  await client.connect();
  await client.query(
    `begin; select realtime.send('{}', 'e', null); update copilot_internal.lat set v = 1; commit`,
  );
  await client.end();
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(/^ErrorSendingBroadcastMessage: null value in column "topic"/);
});

test('the SQL of the schema may be run again, and keeps what is there', async () => {
  await bench.sql(`select realtime.send('{}', 'kept', 'here')`);
  await bench.sql(realtimeSql);
  const client = await connect();
  client.send(
    '["1","1","realtime:here","phx_join",{"config":{"private":true,"broadcast":{"replay":{"since":0}}}}]',
  );
  await until(() => client.frames.length === 2, { what: 'the replayed message' });
  expect(texts(client)[1]).toMatch(/"event":"kept","meta":\{"id":"[^"]+","replayed":true\}/);
  await client.close();
});

test('after close no connection to PostgreSQL and no socket is left, and closing again is nothing', async () => {
  const door = await bench.openDoor();
  const client = await connect(door);
  await subscribe(client, 'lat');
  const connections = async (): Promise<number> => {
    const asking = new Client({ connectionString: bench.postgres.urlFor('supabase_admin') });
    await asking.connect();
    const { rows } = await asking.query<{ n: number }>(
      `select count(*)::int as n from pg_stat_activity where application_name like 'realtime_replication'`,
    );
    await asking.end();
    return rows[0]!.n;
  };
  expect(await connections()).toBe(4);
  await Promise.all([door.gateway.close(), door.gateway.close()]);
  await until(async () => (await connections()) === 2, {
    what: 'the slots of the closed gateway to be gone',
  });
  await until(() => client.seen.some(({ text }) => text.startsWith('close')), { what: 'the socket to end' });
  await client.connect(socketUrl(door, 'any'));
  expect(client.seen.at(-1)?.text).toMatch(/^(close|refused)/);
  await door.close();
});
