// The gateway and a PostgreSQL that stops, freezes or is not there: it recovers by itself, and lets go when asked to.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until, withDeadline } from '../processes/until.ts';
import {
  jwtSecret,
  makeToken,
  type RealtimeBench,
  socketUrl,
  startRealtimeBench,
} from '../testing/realtime-bench.ts';
import { FrameClient } from '../testing/realtime-frame-client.ts';
import { createRealtimeGateway } from './gateway.ts';

let bench: RealtimeBench;

beforeAll(async () => {
  bench = await startRealtimeBench();
});
afterAll(async () => await bench.close());

async function subscriber(): Promise<FrameClient> {
  const client = new FrameClient();
  await client.connect(socketUrl(bench, await makeToken({ role: 'service_role' })));
  const binding = '{"event":"*","schema":"copilot_internal","table":"lat"}';
  const config = `{"private":true,"postgres_changes":[${binding}]}`;
  client.send(`["1","1","realtime:both","phx_join",{"config":${config}}]`);
  // What the test before has sent may still arrive beside it.
  await until(() => client.frames.some((frame) => String(frame).includes('"system"')), {
    what: 'the subscription',
  });
  return client;
}

async function untilBothFlow(client: FrameClient): Promise<void> {
  const kinds = (): number => new Set(client.frames.map((frame) => typeof frame)).size;
  client.frames.length = 0;
  await until(
    async () => {
      await bench.sql(`update copilot_internal.lat set v = v + 1; select realtime.send('{}', 'e', 'both')`);
      return kinds() === 2;
    },
    { what: 'changes and broadcasts', everyMs: 20 },
  );
}

test.each(['fast', 'immediate'] as const)(
  'both feeds are back after a restart (%s), and no client is told',
  async (mode) => {
    const client = await subscriber();
    await bench.postgres.restart(mode);
    await untilBothFlow(client);
    expect(client.frames.filter((frame) => String(frame).includes('system'))).toEqual([]);
    await client.close();
  },
);

test('a fast stop of PostgreSQL does not wait for the gateway', async () => {
  const client = await subscriber();
  await untilBothFlow(client);
  await withDeadline(bench.postgres.stop('fast'), { what: 'PostgreSQL to stop', deadlineMs: 10_000 });
  await bench.postgres.start();
  await untilBothFlow(client);
  await client.close();
});

test('a subscription asked for while PostgreSQL is away is made when it is back', async () => {
  await bench.postgres.stop();
  const client = new FrameClient();
  await client.connect(socketUrl(bench, await makeToken({ role: 'service_role' })));
  const binding = '{"event":"*","schema":"copilot_internal","table":"lat"}';
  client.send(`["1","1","realtime:late","phx_join",{"config":{"postgres_changes":[${binding}]}}]`);
  await until(() => client.frames.length === 1, { what: 'SUBSCRIBED, which proves nothing' });
  await bench.postgres.start();
  await until(() => client.frames.length === 2, { what: 'system ok' });
  await client.close();
});

test('while PostgreSQL is frozen heartbeats are answered; what commits when it thaws arrives', async () => {
  const client = await subscriber();
  await untilBothFlow(client);
  await bench.postgres.freeze();
  const committing = bench.sql('update copilot_internal.lat set v = -1');
  client.send('[null,"9","phoenix","heartbeat",{}]');
  await until(() => client.frames.some((frame) => String(frame).startsWith('[null,"9"')), {
    what: 'the heartbeat',
  });
  bench.postgres.thaw();
  await committing;
  await until(() => client.frames.some((frame) => String(frame).includes('"v": -1')), { what: 'the change' });
  await client.close();
});

test('a gateway closes while PostgreSQL is frozen', async () => {
  const door = await bench.openDoor();
  await bench.postgres.freeze();
  await withDeadline(door.close(), { what: 'the gateway to close', deadlineMs: 5_000 });
  bench.postgres.thaw();
});

test('a start without PostgreSQL fails when it is closed, and leaves nothing', async () => {
  const gateway = createRealtimeGateway({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', jwtSecret });
  const starting = expect(gateway.start()).rejects.toMatchObject({ code: 'DEVSTACK_START_FAILED' });
  await gateway.close();
  await starting;
});
