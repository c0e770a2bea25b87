// The least privileges of docs/security.md, as they stand there: with them everything works, and nothing else does.
import { createCache } from '@tidemark/cache';
import { type Stack, startStack, until } from '@tidemark/devstack';
import {
  createAuthValidationCache,
  createConversationEventHub,
  createRateLimiter,
  openSharedRedis,
} from '@tidemark/stores';
import { Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSql } from './testing/run-sql.ts';
import { SidecarProcess } from './testing/sidecar-process.ts';

const page = readFileSync(path.join(import.meta.dirname, '..', '..', 'docs', 'security.md'), 'utf8');

function blockOf(language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 's').exec(page) ?? [];
  if (text === undefined) throw new Error(`docs/security.md has no block of ${language}`);
  return text;
}

const policies = 'copilot_internal.tenant_llm_policies';

let stack: Stack;
let admin: Redis;

beforeAll(async () => {
  stack = await startStack();
  admin = new Redis(stack.redisUrl);
  for (const line of blockOf('redis-acl').trim().split('\n')) {
    const [command = '', ...words] = line.split(' ');
    await admin.call(command, ...words);
  }
  await runSql(stack.databaseUrl, blockOf('sql'));
});

afterAll(async () => {
  admin.disconnect();
  await stack.close();
});

const users = ['app', 'stores', 'sidecar'] as const;

function as(user: (typeof users)[number]): string {
  const url = new URL(stack.redisUrl);
  url.username = `tidemark-${user}`;
  url.password = `${user}-password`;
  return url.href;
}

function sidecarDatabaseUrl(): string {
  const url = new URL(stack.databaseUrl);
  url.username = 'tidemark_sidecar';
  url.password = 'sidecar-password';
  return url.href;
}

function setModel(model: string): Promise<void> {
  return runSql(
    stack.databaseUrl,
    `insert into ${policies} (tenant_id, default_model, default_provider) values ('t', '${model}', 'p')
     on conflict (tenant_id) do update set default_model = '${model}'`,
  );
}

async function refusals(): Promise<readonly unknown[]> {
  return (await admin.call('ACL', 'LOG')) as unknown[];
}

describe('with the least privileges', () => {
  it('a sidecar with a checker and two instances work, and Redis refuses them nothing', async () => {
    await admin.call('ACL', 'LOG', 'RESET');
    await using sidecar = new SidecarProcess({
      DATABASE_URL: sidecarDatabaseUrl(),
      REDIS_URL: as('sidecar'),
      TIDEMARK_CHECKER_PER_SECOND: '50',
    });
    await sidecar.ready('working');
    await setModel('one');
    await using one = createCache({ redis: as('app') });
    await using other = createCache({ redis: as('app') });
    const caches = [one, other];
    let loads = 0;
    const regions = caches.map((cache) =>
      cache.region<{ defaultModel: string }>({
        name: 'llm:policy',
        table: policies,
        ttl: '1m',
        load: async (tenantId) => {
          loads += 1;
          const client = new Client(stack.databaseUrl);
          await client.connect();
          try {
            const sql = `select default_model as "defaultModel" from ${policies} where tenant_id = $1`;
            return (await client.query<{ defaultModel: string }>(sql, [tenantId])).rows[0] ?? null;
          } finally {
            await client.end();
          }
        },
      }),
    );
    const [first, second] = regions;
    await until(() => regions.every((region) => region.status().lease === 'live'), { what: 'both leases' });
    expect(await first?.get('t')).toEqual({ defaultModel: 'one' });
    await until(async () => (await admin.exists('copilot:llm:policy:t')) === 1, { what: 'the value in L2' });
    expect(await second?.get('t')).toEqual({ defaultModel: 'one' });
    expect(loads).toBe(1);
    await first?.write('t', () => setModel('two'));
    await until(async () => (await second?.get('t'))?.defaultModel === 'two', { what: 'the newer row' });
    await setModel('three');
    await until(async () => (await second?.get('t'))?.defaultModel === 'three', { what: 'the newest row' });
    await first?.invalidateAll();
    const checked = async (): Promise<number> => {
      const body = (await sidecar.readiness()).body as unknown as { checker: { sampled: number } };
      return body.checker.sampled;
    };
    await until(async () => (await checked()) > 0, { what: 'a look of the checker' });
    await until(async () => (await metricsOf(sidecar)).includes('tidemark_instance'), {
      what: 'the instances to be seen',
    });
    await Promise.all(caches.map((cache) => cache.close()));
    sidecar.kill('SIGTERM');
    await sidecar.exited;
    expect(await refusals()).toEqual([]);
  });

  it('event hubs, rate limiter and auth validations of two instances work together, and are refused nothing', async () => {
    await admin.call('ACL', 'LOG', 'RESET');
    const instances = [0, 1].map(() => {
      const cache = createCache({ redis: as('app') });
      const redis = openSharedRedis({ redis: as('stores') });
      const beside = { redis, env: {} };
      const hub = createConversationEventHub(beside);
      const limiter = createRateLimiter({ ...beside, limit: 1 });
      return { cache, redis, hub, limiter, validations: createAuthValidationCache({ cache, ...beside }) };
    });
    const [one, other] = instances;
    try {
      await until(() => instances.every(({ redis }) => redis.isConnected), { what: 'both connections' });
      const subject = { tenantId: 't', conversationId: 'c' };
      const heard: unknown[] = [];
      const subscription = other?.hub.subscribe(subject, ({ data }) => void heard.push(data));
      expect(await subscription?.ready).toBe(true);
      expect(await one?.hub.broadcast(subject, 'message', 'hello')).toBe(true);
      await until(() => heard.includes('hello'), { what: 'the event on the other instance' });

      const admitted: boolean[] = [];
      for (const { limiter } of instances) admitted.push(await limiter.check('ada'));
      expect(admitted).toEqual([true, false]);

      await one?.validations.get('ada', async () => ({ isValid: true, tenantId: 't' }));
      await until(async () => (await admin.get('copilot:auth:validation:ada'))?.startsWith('{') === true, {
        what: 'the verdict in L2',
      });
      expect(await other?.validations.get('ada')).toMatchObject({ isValid: true });
      await one?.validations.invalidate('ada');
      await until(async () => (await admin.exists('copilot:auth:validation:ada')) === 0, {
        what: 'the verdict to be forgotten',
      });
    } finally {
      for (const { cache, redis, hub } of instances) {
        hub.close();
        await cache.close();
        redis.close();
      }
    }
    expect(await refusals()).toEqual([]);
  });

  it.each([
    'FLUSHALL',
    'KEYS *',
    'CONFIG GET requirepass',
    'MONITOR',
    'ACL LIST',
    'GET session:somebody',
    'SET session:somebody x',
    'PUBLISH other:channel x',
    'SCRIPT FLUSH',
  ])('no user may %s', async (text) => {
    const [command = '', ...words] = text.split(' ');
    for (const user of users) {
      const redis = new Redis(as(user), { enableReadyCheck: false, disableClientInfo: true });
      try {
        await expect(redis.call(command, ...words)).rejects.toThrow('NOPERM');
      } finally {
        redis.disconnect();
      }
    }
  });

  it.each([
    'GET copilot:llm:policy:t',
    'SET copilot:tidemark:main:head x',
    'PUBLISH copilot:tidemark:main:records x',
  ])('the parts beside the caches may not %s', async (text) => {
    const [command = '', ...words] = text.split(' ');
    const redis = new Redis(as('stores'), { disableClientInfo: true });
    try {
      await expect(redis.call(command, ...words)).rejects.toThrow('NOPERM');
    } finally {
      redis.disconnect();
    }
  });

  it.each([
    `select * from ${policies}`,
    `update ${policies} set default_model = 'x'`,
    'select * from tidemark.change',
    'select * from tidemark.watch',
    `select tidemark.track('public.x', 'id')`,
    'create table public.mine (id text)',
  ])("the sidecar's role may not: %s", async (sql) => {
    const client = new Client(sidecarDatabaseUrl());
    await client.connect();
    try {
      await expect(client.query(sql)).rejects.toThrow('permission denied');
    } finally {
      await client.end();
    }
  });
});

async function metricsOf(sidecar: SidecarProcess): Promise<string> {
  return (await fetch(`${await sidecar.url()}/metrics`)).text();
}
