import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createClient } from '@supabase/supabase-js';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterEach, describe, expect, test } from 'vitest';
import { isAlive, processTree } from './processes/process-tree.ts';
import { until } from './processes/until.ts';
import { type Stack, startStack } from './stack.ts';
import type { StackOptions } from './stack-options.ts';

const open: Stack[] = [];

afterEach(async () => {
  for (const stack of open.splice(0)) await stack.close();
});

async function start(options: StackOptions): Promise<Stack> {
  const stack = await startStack(options);
  open.push(stack);
  return stack;
}

async function query(url: string, text: string): Promise<Array<Record<string, unknown>>> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

describe('startStack', () => {
  test('applies the migrations of the checkout, and exposes their schema', async () => {
    const stack = await start({ redis: false, realtime: false });
    const applied = await query(
      stack.databaseUrl,
      'select version from supabase_migrations.schema_migrations',
    );
    expect(applied.length).toBeGreaterThan(0);
    const service = createClient(stack.url, stack.serviceRoleKey);
    const { data, error } = await service.schema('copilot_internal').from('tenant_llm_policies').select();
    expect([data, error]).toEqual([[], null]);
  });

  test('delivers changes through Realtime to an unmodified supabase-js', async () => {
    const stack = await start({ migrations: 'none', redis: false, realtime: { changesPollMs: 0 } });
    await query(
      stack.databaseUrl,
      `create table public.things (id text primary key); alter publication supabase_realtime add table public.things`,
    );
    const service = createClient(stack.url, stack.serviceRoleKey);
    const heard: unknown[] = [];
    let isListening = false;
    service
      .channel('things')
      .on('postgres_changes', { event: '*', schema: 'public', table: 'things' }, ({ new: row }) =>
        heard.push(row),
      )
      .on('system', {}, ({ extension, status }: { extension: string; status: string }) => {
        isListening ||= extension === 'postgres_changes' && status === 'ok';
      })
      .subscribe();
    await until(() => isListening, { what: 'the subscription to PostgreSQL' });
    await stack.dataApi.reloadSchema();
    await service.from('things').insert({ id: 'a' });
    await until(() => heard.length === 1, { what: 'the change' });
    expect(heard).toEqual([{ id: 'a' }]);
    await service.removeAllChannels();
  });

  test('stacks run side by side and share nothing', async () => {
    const [first, second] = await Promise.all([
      start({ migrations: 'none', realtime: false }),
      start({ migrations: 'none', realtime: false }),
    ]);
    expect(first.jwtSecret).not.toBe(second.jwtSecret);
    await query(first.databaseUrl, 'create table public.mine (id text primary key)');
    await first.dataApi.reloadSchema();
    expect((await createClient(first.url, first.anonKey).from('mine').select()).data).toEqual([]);
    expect((await createClient(second.url, second.anonKey).from('mine').select()).error?.code).toBe(
      'PGRST205',
    );
    const { status } = await createClient(second.url, first.anonKey).from('mine').select();
    expect(status).toBe(401);
  });

  test('closes once, however often it is asked to, and leaves no process and no folder', async () => {
    const stack = await start({ migrations: 'none' });
    const pids = [stack.postgres.pid, stack.redis.pid, stack.dataApi.pid, stack.watchdog.pid];
    const processes = pids.flatMap((pid) => processTree(pid ?? 0));
    const calls: string[] = [];
    stack.onClose(() => void calls.push('first told'));
    stack.onClose(() => void calls.push('last told'));
    await Promise.all([stack.close(), stack.close()]);
    await until(() => processes.every((pid) => !isAlive(pid)), { what: 'every process to end' });
    expect(existsSync(stack.postgres.dataFolder)).toBe(false);
    expect(calls).toEqual(['last told', 'first told']);
    await expect(fetch(stack.url)).rejects.toThrow('fetch failed');
  });

  test('that fails half way leaves nothing behind', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-bad-migrations-'));
    writeFileSync(
      path.join(folder, '20260101000000_bad.sql'),
      'create table ok (id int);\nselect * from nowhere;\n',
    );
    const before = ownProcesses();
    try {
      await expect(startStack({ migrations: folder })).rejects.toMatchObject({
        code: 'DEVSTACK_SQL',
        message: '20260101000000_bad.sql:2: relation "nowhere" does not exist (42P01)',
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
    await until(() => ownProcesses() <= before, { what: 'every process to end' });
  });

  test('says which part a stack was started without', async () => {
    const stack = await start({ migrations: 'none', redis: false, realtime: false });
    expect(() => stack.redis).toThrow('this stack was started without redis: ask startStack for it');
    expect(() => stack.realtime).toThrow('this stack was started without realtime');
    expect(() => stack.proxies.http).toThrow('this stack was started without proxies.http');
  });

  test('refuses options that make no sense', async () => {
    await expect(startStack({ jwtSecret: 'short' })).rejects.toThrow(
      'jwtSecret must have at least 32 characters, got 5',
    );
    await expect(startStack({ schemas: [] })).rejects.toThrow(
      'schemas must name at least one schema, got none',
    );
    await expect(startStack({ faults: ['redis'], redis: false, migrations: 'none' })).rejects.toThrow(
      'this stack was started without redis',
    );
  });
});

describe('a fault proxy', () => {
  test('before each part breaks what clients see, and nothing else', async () => {
    const stack = await start({
      migrations: 'none',
      realtime: false,
      faults: ['http', 'postgres', 'redis'],
    });
    const service = createClient(stack.url, stack.serviceRoleKey);
    const redis = new Redis(stack.redisUrl, {
      lazyConnect: true,
      retryStrategy: () => null,
      commandTimeout: 2_000,
    });
    redis.on('error', () => undefined);
    await redis.connect();
    expect(await query(stack.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect(await redis.ping()).toBe('PONG');

    await Promise.all([stack.proxies.http.cut(), stack.proxies.postgres.cut(), stack.proxies.redis.cut()]);
    // An insert, which supabase-js does not try again by itself.
    expect((await service.from('nothing').insert({})).error?.message).toContain('fetch failed');
    await expect(query(stack.databaseUrl, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(redis.ping()).rejects.toThrow();
    expect(await query(stack.postgres.url, 'select 1 as one')).toEqual([{ one: 1 }]);

    await Promise.all([stack.proxies.http.heal(), stack.proxies.postgres.heal(), stack.proxies.redis.heal()]);
    expect((await service.from('nothing').select()).error?.code).toBe('PGRST205');
    expect(await query(stack.databaseUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
    redis.disconnect();
  });
});

/** How many processes below this one there are. */
function ownProcesses(): number {
  return processTree(process.pid).length;
}
