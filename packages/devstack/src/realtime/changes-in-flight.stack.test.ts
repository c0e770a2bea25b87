// What happens to a channel while its changes are being judged: PostgreSQL is made to think about row level security for
// as long as a test needs, by a policy that waits for a lock.
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { until } from '../processes/until.ts';
import { makeToken, type RealtimeBench, socketUrl, startRealtimeBench } from '../testing/realtime-bench.ts';
import { FrameClient } from '../testing/realtime-frame-client.ts';

let bench: RealtimeBench;
let holder: Client;
const clients: FrameClient[] = [];

beforeAll(async () => {
  bench = await startRealtimeBench();
  holder = new Client({ connectionString: bench.postgres.urlFor('supabase_admin') });
  await holder.connect();
  await bench.sql(`
    create function copilot_internal.slowly() returns boolean language plpgsql as $$
      begin perform pg_advisory_xact_lock_shared(1); return true; end $$;
    create table copilot_internal.slow (id int primary key);
    alter table copilot_internal.slow enable row level security;
    create policy slow on copilot_internal.slow for select to authenticated using (copilot_internal.slowly());
    grant select on copilot_internal.slow to authenticated;
    alter publication supabase_realtime add table copilot_internal.slow`);
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await holder.end();
  await bench.close();
});
beforeEach(async () => await bench.sql('truncate copilot_internal.slow'));

async function subscriber(): Promise<FrameClient> {
  const client = new FrameClient();
  clients.push(client);
  await client.connect(socketUrl(bench, await makeToken({ role: 'authenticated' })));
  const binding = '{"event":"INSERT","schema":"copilot_internal","table":"slow"}';
  client.send(`["1","1","realtime:slow","phx_join",{"config":{"postgres_changes":[${binding}]}}]`);
  await until(() => client.frames.length === 2, { what: 'the subscription' });
  return client;
}

/** Commits a row, and runs `act` while the gateway waits for the verdict of the policy. */
async function whileJudged(act: () => Promise<void>): Promise<void> {
  await holder.query('select pg_advisory_lock(1)');
  await bench.sql('insert into copilot_internal.slow values (1)');
  const isJudging = async (): Promise<boolean> => {
    const { rows } = await holder.query(
      `select from pg_stat_activity where wait_event = 'advisory' and application_name = 'realtime_gateway'`,
    );
    return rows.length > 0;
  };
  await until(isJudging, { what: 'the change to be judged' });
  await act();
  await holder.query('select pg_advisory_unlock(1)');
}

function changes(client: FrameClient): number {
  return client.frames.filter((frame) => String(frame).includes('"postgres_changes",{"data"')).length;
}

test('a channel that leaves gets nothing of what is being judged, and the others get it', async () => {
  const [leaving, staying] = [await subscriber(), await subscriber()];
  await whileJudged(async () => {
    leaving.send('["1","2","realtime:slow","phx_leave",{}]');
    await until(() => String(leaving.frames.at(-1)).includes('phx_close'), {
      what: 'the end of the channel',
    });
  });
  await until(() => changes(staying) === 1, { what: 'the change' });
  expect(changes(leaving)).toBe(0);
});

test('a token refresh neither loses nor doubles what is being judged', async () => {
  const client = await subscriber();
  await whileJudged(async () => {
    const token = await makeToken({ role: 'authenticated', claims: { jti: 'new' } });
    client.send(`["1","2","realtime:slow","access_token",{"access_token":"${token}"}]`);
    await until(() => client.frames.length === 3, { what: 'the second system ok' });
  });
  await bench.sql('insert into copilot_internal.slow values (2)');
  await until(() => String(client.frames.at(-1)).includes('"id": 2'), { what: 'the next change' });
  expect(changes(client)).toBe(2);
});

test('a stopped worker delivers nothing of what is being judged', async () => {
  const client = await subscriber();
  await whileJudged(() => bench.gateway.stopChangesWorker());
  const later = await subscriber();
  await bench.sql('insert into copilot_internal.slow values (2)');
  await until(() => changes(later) === 1, { what: 'the change for a new subscriber' });
  expect(changes(client)).toBe(0);
});

test.each([
  [true, [2]],
  [false, [1, 2]],
])('before `system ok`, with a lossy gap %j, the changes %j arrive', async (isGapLossy, arriving) => {
  await using door = await bench.openDoor({ changesPollMs: 1_000 });
  Object.assign(door.gateway.vices, { isGapLossy, systemOkDelayMs: 500 });
  const client = new FrameClient();
  await client.connect(socketUrl(door, await makeToken({ role: 'authenticated' })));
  const binding = '{"event":"*","schema":"copilot_internal","table":"slow"}';
  client.send(`["1","1","realtime:gap","phx_join",{"config":{"postgres_changes":[${binding}]}}]`);
  await until(() => client.frames.length === 1, { what: 'SUBSCRIBED' });
  await bench.sql('insert into copilot_internal.slow values (1)');
  await until(() => client.frames.some((frame) => String(frame).includes('Subscribed to')), {
    what: 'system ok',
  });
  await bench.sql('insert into copilot_internal.slow values (2)');
  const ids = (): readonly number[] =>
    client.frames.flatMap((frame) => Number(/"record":\{"id": (\d)\}/.exec(String(frame))?.[1] ?? []) || []);
  await until(() => ids().includes(2), { what: 'the last change' });
  expect(ids()).toEqual(arriving);
  await client.close();
});
