// The hubs on a real Redis: messages of strangers, channels that were left, subscriptions that lead nowhere.
import { once } from 'node:events';
import { until } from '@tidemark/devstack';
import { FakeClock, RecordedLog } from '@tidemark/devstack/fakes';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { SharedRedis } from '../redis/shared-redis.ts';
import { messagesOf, RedisScene } from '../testing/redis-scene.ts';
import { createConversationEventHub } from './create-event-hubs.ts';

let scene: RedisScene;
let redis: SharedRedis;
let log: RecordedLog;

beforeAll(async () => {
  scene = await RedisScene.start();
});

afterAll(() => scene[Symbol.asyncDispose]());

beforeEach(async () => {
  log = new RecordedLog();
  redis = await scene.open(log);
});

afterEach(() => redis.close());

describe('messages of strangers (#36)', () => {
  const subject = { tenantId: 'acme', conversationId: 'c1' };

  test.each([
    ['no JSON', 'hello'],
    [
      'an unknown event',
      JSON.stringify({ event: 'hack', timestamp: '2026-01-01T00:00:00Z', instanceId: 'x' }),
    ],
    ['no sender', JSON.stringify({ event: 'message', timestamp: '2026-01-01T00:00:00Z' })],
    ['no time', JSON.stringify({ event: 'message', timestamp: 'now', instanceId: 'x' })],
    [
      'too much',
      JSON.stringify({
        event: 'message',
        data: 'x'.repeat(262_144),
        timestamp: '2026-01-01T00:00:00Z',
        instanceId: 'x',
      }),
    ],
  ])('are counted and passed over: %s', async (_, text) => {
    using hub = createConversationEventHub({ redis });
    const heard: unknown[] = [];
    await hub.subscribe(subject, (event) => void heard.push(event)).ready;
    await scene.admin.publish('copilot:events:conversation:acme:c1', text);
    await until(() => hub.status().refused === 1, { what: 'the message to be refused' });
    expect(heard).toEqual([]);
  });

  test('an own message that comes back is heard once', async () => {
    using hub = createConversationEventHub({ redis });
    const heard: unknown[] = [];
    await hub.subscribe(subject, ({ data }) => void heard.push(data)).ready;
    await hub.broadcast(subject, 'message', 1);
    await scene.admin.publish(
      'copilot:events:conversation:acme:c1',
      JSON.stringify({ event: 'message', data: 2, timestamp: '2026-01-01T00:00:00Z', instanceId: 'x' }),
    );
    await until(() => heard.includes(2), { what: 'the message of another' });
    expect(heard).toEqual([1, 2]);
  });
});

test('a channel that was left is not opened again by a reconnect (#36)', async () => {
  using hub = createConversationEventHub({ redis });
  const left = { tenantId: 'acme', conversationId: 'left' };
  const kept = { tenantId: 'acme', conversationId: 'kept' };
  const subscription = hub.subscribe(left, () => {});
  await hub.subscribe(kept, () => {}).ready;
  await subscription.ready;
  subscription.close();
  const back = once(redis.subscriber, 'ready');
  redis.reconnectSubscriber();
  await back;
  await until(async () => (await scene.admin.pubsub('CHANNELS', 'copilot:events:*')).length > 0, {
    what: 'the subscription to come back',
  });
  expect(await scene.admin.pubsub('CHANNELS', 'copilot:events:*')).toEqual([
    'copilot:events:conversation:acme:kept',
  ]);
});

test('a channel that was left while Redis was down stays closed when it is back (#36)', async () => {
  using hub = createConversationEventHub({ redis });
  const subscription = hub.subscribe({ tenantId: 'acme', conversationId: 'left' }, () => {});
  await hub.subscribe({ tenantId: 'acme', conversationId: 'kept' }, () => {}).ready;
  await subscription.ready;
  await scene.proxy.cut();
  subscription.close();
  await until(() => redis.subscriber.status === 'reconnecting', { what: 'the connection to be gone' });
  await scene.proxy.heal();
  // What ioredis opens again, it opens in one command.
  await until(async () => (await scene.admin.publish('copilot:events:conversation:acme:kept', '')) === 1, {
    what: 'the subscription to come back',
  });
  await until(async () => (await scene.admin.publish('copilot:events:conversation:acme:left', '')) === 0, {
    what: 'nobody to hear the channel',
  });
});

test('a subscription that leads nowhere is opened anew (#36, R6)', async () => {
  const clock = new FakeClock();
  using hub = createConversationEventHub({ redis, logger: log, clock });
  const subject = { tenantId: 'acme', conversationId: 'c1' };
  const heard: unknown[] = [];
  await hub.subscribe(subject, ({ data }) => void heard.push(data)).ready;
  // As if the server had forgotten it: the connection is there, and nothing comes.
  await redis.subscriber.unsubscribe('copilot:events:conversation:acme:c1');

  await hub.broadcast(subject, 'message', 1);
  await clock.advance(4_999);
  expect(hub.status().isDeaf).toBe(false);
  await clock.advance(1);
  expect(hub.status().isDeaf).toBe(true);
  await until(
    async () => {
      await hub.broadcast(subject, 'message', 2);
      return !hub.status().isDeaf;
    },
    { what: 'the hub to hear again', everyMs: 20 },
  );
  hub.close();
  expect(clock.pending).toBe(0);
  expect(messagesOf(log, 'warn', 'conversation-events')).toEqual([
    'own events do not come back: the subscription is opened anew',
  ]);
  expect(messagesOf(log, 'info', 'conversation-events').at(-1)).toBe('own events come back');
});
