import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Redis } from 'ioredis';
import { afterEach, describe, expect, test } from 'vitest';
import { isAlive } from '../processes/process-tree.ts';
import { until } from '../processes/until.ts';
import { chooseRedis } from './redis-program.ts';
import { type RedisOptions, type RedisServer, startRedis } from './redis-server.ts';

const open: Array<{ close(): Promise<void> }> = [];
const clients: Redis[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  for (const server of open.splice(0)) await server.close();
});

async function start(options: RedisOptions = {}): Promise<RedisServer> {
  // A developer's REDIS_URL must not turn these into tests of somebody else's server.
  const server = await startRedis({ environment: { ...process.env, REDIS_URL: '' }, ...options });
  open.push(server);
  return server;
}

function client(server: RedisServer): Redis {
  const redis = new Redis(server.url, { retryStrategy: () => 10, commandTimeout: 400 });
  redis.on('error', () => undefined);
  clients.push(redis);
  return redis;
}

describe('a local Redis', () => {
  test('answers, and is empty after a restart', async () => {
    const server = await start();
    const redis = client(server);
    expect(await redis.set('key', 'value')).toBe('OK');
    await server.restart();
    await until(async () => (await redis.get('key').catch(() => 'unreachable')) === null, {
      what: 'an empty Redis',
    });
    expect(server.isExternal).toBe(false);
  });

  test('that is persistent keeps acknowledged writes through kill -9, and drops them when told to', async () => {
    const server = await start({ isPersistent: true });
    const redis = client(server);
    await redis.set('key', 'value');
    await server.kill();
    expect(server.pid).toBeUndefined();
    await server.start();
    expect(await client(server).get('key')).toBe('value');
    await server.restart({ isEmpty: true });
    expect(await client(server).get('key')).toBeNull();
  });

  test('comes back with the data of an earlier moment', async () => {
    const server = await start({ isPersistent: true });
    const redis = client(server);
    await redis.set('key', 'old');
    const snapshot = await server.snapshot();
    await redis.set('key', 'new');
    await server.restart({ from: snapshot });
    expect(await client(server).get('key')).toBe('old');
  });

  test('that is frozen keeps its connections and answers nothing until it is thawed', async () => {
    const server = await start();
    const redis = client(server);
    await redis.set('key', 'value');
    await server.freeze();
    await expect(redis.get('key')).rejects.toThrow('Command timed out');
    expect(redis.status).toBe('ready');
    server.thaw();
    expect(await redis.get('key')).toBe('value');
  });

  test('takes settings', async () => {
    const server = await start({ settings: { maxmemory: '2mb', 'maxmemory-policy': 'volatile-lru' } });
    expect(await client(server).config('GET', 'maxmemory-policy')).toEqual([
      'maxmemory-policy',
      'volatile-lru',
    ]);
  });

  test('may be the replica of another', async () => {
    const primary = await start();
    const replica = await start({ replicaOf: primary });
    await client(primary).set('key', 'value');
    const redis = client(replica);
    await until(async () => (await redis.get('key')) === 'value', { what: 'the replica to catch up' });
    expect((await redis.role())[0]).toBe('slave');
  });

  test('says why it did not start, and leaves nothing behind', async () => {
    await expect(start({ settings: { 'no-such-setting': 1 } })).rejects.toMatchObject({
      code: 'DEVSTACK_START_FAILED',
      message: expect.stringContaining('no-such-setting') as string,
    });
  });

  test('refuses what does not fit its state', async () => {
    const server = await start();
    await expect(server.start()).rejects.toThrow('cannot start Redis: it is running already');
    await expect(server.snapshot()).rejects.toThrow('cannot take a snapshot of Redis: it is not persistent');
    await server.stop();
    await expect(server.freeze()).rejects.toThrow('cannot freeze Redis: it is stopped');
    await server.close();
    await expect(server.start()).rejects.toThrow('cannot start Redis: it is closed');
  });

  test('is gone with its data after close, also when frozen, and close may be called twice', async () => {
    const server = await start({ isPersistent: true });
    const folder = ((await client(server).config('GET', 'dir')) as string[])[1] ?? '';
    const { pid = 0 } = server;
    expect([existsSync(folder), isAlive(pid)]).toEqual([true, true]);
    await server.freeze();
    await Promise.all([server.close(), server.close()]);
    expect([existsSync(folder), isAlive(pid)]).toEqual([false, false]);
  });
});

describe('REDIS_URL', () => {
  test('names the server that is used, and nothing that breaks it is possible', async () => {
    const somebodyElses = await start();
    const environment = { REDIS_URL: somebodyElses.url };
    const server = await startRedis({ environment });
    expect(server).toMatchObject({ url: somebodyElses.url, isExternal: true, port: somebodyElses.port });
    for (const attempt of [
      server.kill(),
      server.freeze(),
      server.stop(),
      server.restart(),
      server.snapshot(),
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: 'DEVSTACK_BAD_STATE' });
    }
    await server.close();
    expect(isAlive(somebodyElses.pid ?? 0)).toBe(true);
    await expect(startRedis({ environment, isPersistent: true })).rejects.toThrow(
      'REDIS_URL names a running server, so isPersistent cannot be set: unset REDIS_URL to start one',
    );
  });
});

describe('the choice of a Redis', () => {
  test('is REDIS_URL, then TIDEMARK_REDIS_SERVER, then PATH, else a clear error', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-path-'));
    try {
      symlinkSync(process.execPath, path.join(folder, 'valkey-server'));
      chmodSync(folder, 0o755);
      const all = { REDIS_URL: 'redis://h:1', TIDEMARK_REDIS_SERVER: '/opt/redis', PATH: folder };
      expect(chooseRedis(all)).toEqual({ kind: 'external', url: 'redis://h:1' });
      expect(chooseRedis({ ...all, REDIS_URL: '' })).toEqual({ kind: 'program', program: '/opt/redis' });
      expect(chooseRedis({ PATH: folder })).toEqual({
        kind: 'program',
        program: path.join(folder, 'valkey-server'),
      });
      expect(() => chooseRedis({ PATH: '' })).toThrow('found neither of redis-server, valkey-server on PATH');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('an aborted connection is noticed by its client when the server is killed', async () => {
  const server = await start();
  const redis = client(server);
  await redis.ping();
  const closed = once(redis, 'close');
  await server.kill();
  await closed;
});
