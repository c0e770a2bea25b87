import { type RedisServer, startRedis, until } from '@tidemark/devstack';
import { connectRedis, formatHint, namespaceKeys, systemClock } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { RedisHints } from './redis-hints.ts';

let server: RedisServer;
let redis: Redis;
let subscriber: Redis;
let errors: Error[];
let heard: string[];
let hints: RedisHints;
let keyPrefix: string;
let channel: string;
let run = 0;
const changed = formatHint({ kind: 'changed', sender: 'app', prefix: 'copilot:item', keys: ['k'] });

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
});

beforeEach(() => {
  // Of its own, because the subscriber of the test before may not be gone yet.
  run += 1;
  keyPrefix = `run${run}`;
  channel = namespaceKeys(keyPrefix, 'main').hints;
  errors = [];
  heard = [];
  subscriber = connectRedis(server.url, {
    name: 'hints',
    isSubscriber: true,
    onError: (error) => errors.push(error),
  });
  hints = new RedisHints({
    subscriber,
    clock: systemClock,
    keyPrefix,
    host: {
      ring: (hint) => heard.push(hint?.mayBeEarly === true ? 'early' : 'ring'),
      watchPrefix: (table, prefix) => heard.push(`${table} ${prefix}`),
    },
    onLeaving: (namespace, head) => heard.push(`${namespace} ${head}`),
  });
});

afterEach(() => {
  hints.close();
  subscriber.disconnect();
});

afterAll(async () => {
  redis.disconnect();
  await server.close();
});

async function isListening(to = channel): Promise<void> {
  await until(async () => (await redis.pubsub('NUMSUB', to))[1] === 1, { what: 'a subscription' });
}

test('a hint of an app rings, and is not early: the write it tells of is committed', async () => {
  hints.listen('main');
  await isListening();
  await redis.publish(channel, changed);
  await until(() => heard.length === 1, { what: 'the bell' });
  expect(heard).toEqual(['ring']);
  expect(hints.status()).toEqual({ name: 'apps', state: 'listening', heard: 1, silences: 0 });
});

test('a prefix is passed on, and rings nothing by itself', async () => {
  hints.listen('main');
  await isListening();
  await redis.publish(channel, formatHint({ kind: 'prefix', table: 'a.t', prefix: 'copilot:t' }));
  await until(() => heard.length === 1, { what: 'the prefix' });
  expect(heard).toEqual(['a.t copilot:t']);
});

test('the word of a publisher that leaves is passed on with its namespace, and rings nothing by itself', async () => {
  hints.listen('main');
  await isListening();
  await redis.publish(channel, formatHint({ kind: 'leaving', head: '1 0 1 2 2 w {}' }));
  await until(() => heard.length === 1, { what: 'the word' });
  expect(heard).toEqual(['main 1 0 1 2 2 w {}']);
});

test('what is not a hint is passed over', async () => {
  hints.listen('main');
  await isListening();
  for (const text of ['', 'null', '{', '{"kind":"changed"}', '{"kind":"prefix","prefix":"p"}']) {
    await redis.publish(channel, text);
  }
  await redis.publish(channel, changed);
  await until(() => heard.length > 0, { what: 'the bell' });
  expect(heard).toEqual(['ring']);
});

test('each namespace is listened to once, and no other one', async () => {
  hints.listen('main');
  hints.listen('main');
  hints.listen('talks');
  const talks = namespaceKeys(keyPrefix, 'talks').hints;
  await isListening(talks);
  await redis.publish(namespaceKeys(keyPrefix, 'other').hints, changed);
  await redis.publish(talks, changed);
  await redis.publish(channel, changed);
  await until(() => heard.length === 2, { what: 'both bells' });
  expect(hints.status().heard).toBe(2);
});

test('a subscription that is asked for while the connection is made does not break it', async () => {
  subscriber.once('connect', () => hints.listen('main'));
  await isListening();
  await redis.publish(channel, changed);
  await until(() => heard.length === 1, { what: 'the bell' });
  expect(errors).toEqual([]);
});

test('hints are heard again after the connection was lost', async () => {
  hints.listen('main');
  await isListening();
  await redis.client('KILL', 'TYPE', 'pubsub');
  await until(() => subscriber.status !== 'ready', { what: 'the lost connection' });
  expect(hints.status().state).toBe('joining');
  await isListening();
  await redis.publish(channel, changed);
  await until(() => heard.length === 1, { what: 'the bell' });
});

test('a channel that Redis refuses is joining until it is allowed, and heard then (R6)', async () => {
  const limit = (channels: string): Promise<unknown> =>
    redis.call('ACL', 'SETUSER', 'default', 'resetchannels', channels);
  await until(() => subscriber.status === 'ready', { what: 'a connection' });
  await limit('&other');
  hints.listen('main');
  await until(() => hints.status().state === 'joining', { what: 'the refusal' });
  expect(subscriber.status).toBe('ready');
  await limit('&*');
  await isListening();
  await redis.publish(channel, changed);
  await until(() => heard.length === 1, { what: 'the bell' });
  expect(hints.status().state).toBe('listening');
});
