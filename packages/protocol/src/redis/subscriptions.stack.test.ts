// Channels that Redis refuses for a while, on a connection that stays up: no `ready` says when to ask again.
import { type RedisServer, startRedis, until } from '@tidemark/devstack';
import { FakeClock } from '@tidemark/devstack/fakes';
import { Redis, type RedisOptions } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Clock } from '../ports/clock.ts';
import { systemClock } from '../ports/system-clock.ts';
import { publish } from '../scripts/publish.ts';
import { takeover } from '../scripts/takeover.ts';
import { tell } from '../scripts/tell.ts';
import { headAt } from '../testing/scene.ts';
import { formatHead } from '../wire/head.ts';
import { namespaceKeys } from '../wire/key.ts';
import type { LogRecord } from '../wire/record.ts';
import { connectRedis, type RedisOption } from './connect.ts';
import { Subscriptions } from './subscriptions.ts';

let server: RedisServer;
let direct: Redis;
let subscriber: Redis;
let heard: string[];

beforeAll(async () => {
  // A script blocks Redis after so many milliseconds.
  server = await startRedis({ settings: { 'lua-time-limit': 1 } });
  direct = new Redis(server.url);
});

beforeEach(() => {
  heard = [];
});

afterEach(() => subscriber.disconnect());

afterAll(async () => {
  direct.disconnect();
  await server.close();
});

async function subscriptionsOf(option: RedisOption, clock: Clock = systemClock): Promise<Subscriptions> {
  subscriber = connectRedis(option, { name: 'test', isSubscriber: true });
  const subscriptions = new Subscriptions({ subscriber, clock });
  await until(() => subscriber.status === 'ready', { what: 'a connection' });
  return subscriptions;
}

function listen(subscriptions: Subscriptions, channel: string): Promise<boolean> {
  return subscriptions.listen(channel, (text) => heard.push(`${channel} ${text}`));
}

async function subscribersOf(channel: string): Promise<unknown> {
  return (await direct.pubsub('NUMSUB', channel))[1];
}

describe('while a script blocks Redis', () => {
  let endScript: () => Promise<unknown>;

  async function block(): Promise<void> {
    const script = direct.duplicate();
    const ended = script.eval('while true do end', 0).catch(() => {});
    const isBlocked = (): Promise<boolean> => direct.ping().then(() => false, isBusy);
    await until(isBlocked, { what: 'a Redis that is blocked' });
    endScript = async () => {
      await direct.script('KILL');
      await ended;
      script.disconnect();
    };
  }

  it('a channel is refused, and heard when the script is over (R6)', async () => {
    const subscriptions = await subscriptionsOf(server.url);
    await block();
    const isConfirmed = await listen(subscriptions, 'late');
    const wasListening = subscriptions.isListening;
    await endScript();
    expect([isConfirmed, wasListening]).toEqual([false, false]);

    await until(async () => (await direct.publish('late', 'again')) === 1, { what: 'the subscription' });
    await until(() => heard.length > 0, { what: 'the message' });
    expect(heard).toEqual(['late again']);
    expect(subscriptions.isListening).toBe(true);
    subscriptions.close();
  });

  it('a channel that could not be left is left when it is heard again', async () => {
    const subscriptions = await subscriptionsOf(server.url);
    await listen(subscriptions, 'left');
    await block();
    subscriptions.unlisten('left');
    // Answers come in the order of the commands.
    await subscriber.ping().catch(() => {});
    await endScript();
    expect(await subscribersOf('left')).toBe(1);

    await direct.publish('left', 'unheard');
    await until(async () => (await subscribersOf('left')) === 0, { what: 'the channel to be left' });
    expect(heard).toEqual([]);
  });
});

describe.each<[string, RedisOptions]>([
  ['in a database of its own', { db: 1 }],
  ['under the key prefix of its own clients', { keyPrefix: 'ours:' }],
])('%s', (_where, apart) => {
  const keys = namespaceKeys('copilot', 'main');
  const open = formatHead(headAt({ generation: 1, sequence: 0 }));
  const next = formatHead(headAt({ generation: 1, sequence: 1 }));
  const link: LogRecord = { position: { generation: 1, sequence: 0 }, previous: null, changes: new Map() };

  it.each<[string, string, (redis: Redis, mark: string) => Promise<unknown>]>([
    ['hints', keys.hints, (redis, mark) => tell(redis, { keys, hint: { kind: 'leaving', head: mark } })],
    [
      'the record of a takeover',
      keys.records,
      async (redis, mark) => {
        const changes = new Map([[mark, null]]);
        const call = { keys, expectedHead: null, nextHead: open, cursor: '', watch: '' };
        expect(await takeover(redis, { ...call, link: { ...link, changes } })).toBe(true);
      },
    ],
    [
      'the record of a round',
      keys.records,
      async (redis, mark) => {
        await redis.set(keys.head, open);
        const position = { generation: 1, sequence: 1 };
        const record = { position, previous: link.position, changes: new Map([[mark, null]]) };
        const call = { keys, expectedHead: open, nextHead: next, cursor: '', valueKeys: [] };
        expect(await publish(redis, { ...call, record })).toBe(true);
      },
    ],
  ])(
    'a deployment does not hear %s of another one: both may be at one position (R1)',
    async (_what, channel, say) => {
      await direct.flushall();
      const address = { host: server.host, port: server.port };
      const subscriptions = await subscriptionsOf({ ...address, ...apart });
      await listen(subscriptions, channel);
      for (const [mark, options] of [['theirs', {}] as const, ['ours', apart] as const]) {
        const redis = new Redis({ ...address, ...options });
        await say(redis, mark);
        redis.disconnect();
      }
      await until(() => heard.length > 0, { what: 'the message' });
      expect(heard).toEqual([expect.stringContaining('"ours"')]);
      subscriptions.close();
    },
  );
});

describe('a channel without permission', () => {
  async function limitedUrl(): Promise<string> {
    await direct.call('ACL', 'SETUSER', 'limited', 'reset', 'on', '>secret', '~*', '+@all', '&allowed');
    return `redis://limited:secret@${server.host}:${server.port}`;
  }

  it('leaves the others heard, on the next connection too (R6)', async () => {
    const subscriptions = await subscriptionsOf(await limitedUrl());
    expect(await listen(subscriptions, 'forbidden')).toBe(false);
    expect(await listen(subscriptions, 'allowed')).toBe(true);
    await direct.client('KILL', 'TYPE', 'pubsub');
    await until(async () => (await direct.publish('allowed', 'one')) === 1, { what: 'the subscription' });
    await until(() => heard.length > 0, { what: 'the message' });
    expect(heard).toEqual(['allowed one']);
    subscriptions.close();
  });

  it('is asked for at growing distances until the permission is there (R6)', async () => {
    const clock = new FakeClock();
    const subscriptions = await subscriptionsOf(await limitedUrl(), clock);
    expect(await listen(subscriptions, 'forbidden')).toBe(false);
    for (const delayMs of [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]) {
      clock.jump(delayMs - 1);
      expect(clock.pending).toBe(1);
      clock.jump(1);
      expect(clock.pending).toBe(0);
      await until(() => clock.pending === 1, { what: 'the next refusal' });
    }
    await direct.call('ACL', 'SETUSER', 'limited', '&forbidden');
    clock.jump(5_000);
    await until(() => subscriptions.isListening, { what: 'the subscription' });
    expect(await subscribersOf('forbidden')).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it.each<[string, (subscriptions: Subscriptions) => void]>([
    ['left', (subscriptions) => subscriptions.unlisten('forbidden')],
    ['closed', (subscriptions) => subscriptions.close()],
  ])('is not asked for any more when it is %s', async (_what, end) => {
    const clock = new FakeClock();
    const subscriptions = await subscriptionsOf(await limitedUrl(), clock);
    const first = listen(subscriptions, 'forbidden');
    end(subscriptions);
    await first;
    expect(clock.pending).toBe(0);
    await listen(subscriptions, 'forbidden');
    expect(clock.pending).toBe(1);
    end(subscriptions);
    clock.jump(100);
    // Behind whatever was sent.
    await subscriber.ping();
    expect(clock.pending).toBe(0);
  });
});

function isBusy(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('BUSY');
}
