// The connections of a cache where Redis comes late, or is far behind.
import { startFaultProxy, startRedis, until } from '@tidemark/devstack';
import { FakeClock } from '@tidemark/devstack/fakes';
import { silentLogger } from '@tidemark/protocol';
import { expect, it } from 'vitest';
import { createCache } from './cache.ts';
import { CacheRedis } from './redis.ts';

it('a cache that was started before Redis hears the others as soon as it is there', async () => {
  await using server = await startRedis();
  await using proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: server.port } });
  await proxy.cut();
  let failures = 0;
  const warn = (): void => void (failures += 1);
  const logger = { ...silentLogger, warn, child: () => ({ ...silentLogger, warn }) };
  await using early = createCache({ redis: `redis://127.0.0.1:${proxy.port}`, logger });
  await using writer = createCache({ redis: server.url });
  const options = {
    name: 'item',
    ttl: '5m',
    maxStaleness: '1h',
    load: () => Promise.resolve('value'),
  } as const;
  const [reading, writing] = [early.region<string>(options), writer.region<string>(options)];
  await reading.get('a');
  // The first attempt to connect has failed, and the subscription with it.
  await until(() => failures > 0);

  await proxy.heal();

  await until(async () => {
    await writing.write('a', () => Promise.resolve());
    return reading.peek('a') === undefined;
  });
  expect(reading.peek('a')).toBeUndefined();
});

it('a read goes past a Redis that 10,000 reads wait for already, and asks it again when they are answered (R4)', async () => {
  await using server = await startRedis();
  const clock = new FakeClock();
  const redis = new CacheRedis({ redis: server.url, clock, logger: silentLogger, readTimeoutMs: 100 });
  await until(() => redis.isConnected);
  const answer = Promise.withResolvers<string>();
  const waiting = Array.from({ length: 10_000 }, () => redis.attempt(() => answer.promise));

  let asked = 0;
  const ask = (): Promise<unknown> =>
    redis.attempt((commands) => {
      asked += 1;
      return commands.ping();
    });
  expect(await ask()).toBeUndefined();
  // Not asked at all, and no failure: nothing says that Redis is in trouble.
  expect([asked, redis.errors]).toEqual([0, 0]);

  answer.resolve('late');
  await Promise.all(waiting);
  expect(await ask()).toBe('PONG');
  redis.close();
  expect(clock.pending).toBe(0);
});

it('a command that can not even be sent is one that failed: the reader goes past it (R4)', async () => {
  await using server = await startRedis();
  const redis = new CacheRedis({
    redis: server.url,
    clock: new FakeClock(),
    logger: silentLogger,
    readTimeoutMs: 100,
  });
  await until(() => redis.isConnected);
  const refuse = (): never => {
    throw new RangeError('too many keys');
  };
  expect(await redis.attempt(refuse)).toBeUndefined();
  expect(redis.errors).toBe(1);
  redis.close();
});
