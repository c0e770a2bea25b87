// A real sidecar with a checker: a value that somebody wrote into L2 by hand is found, over both connections.
import { type Stack, startStack, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSql } from '../testing/run-sql.ts';
import { SidecarProcess } from '../testing/sidecar-process.ts';
import type { CheckerStatus } from './checker-counts.ts';

const policies = 'copilot_internal.tenant_llm_policies';
const prefix = 'copilot:llm:policy';

let stack: Stack;
let redis: Redis;

beforeAll(async () => {
  stack = await startStack();
  redis = new Redis(stack.redisUrl);
  await runSql(
    stack.databaseUrl,
    `insert into ${policies} (tenant_id, default_model, default_provider)
     select 't' || n, 'new-model', 'p' from generate_series(1, 20) n`,
  );
});

afterAll(async () => {
  redis.disconnect();
  await stack.close();
});

function startSidecar(more: Readonly<Record<string, string>>): SidecarProcess {
  return new SidecarProcess({
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    REDIS_URL: stack.redisUrl,
    TIDEMARK_HINTS: 'none',
    ...more,
  });
}

/** As a fill at the head of now would leave it. */
async function store(tenantId: string, value: unknown): Promise<void> {
  const head = (await redis.get('copilot:tidemark:main:head')) ?? '';
  const [generation, sequence] = head.split(' ');
  const owner = `${prefix} ${tenantId}`;
  const text = `1 ${generation}-${sequence} ${owner.length} ${owner}${JSON.stringify([value])}`;
  await redis.set(`${prefix}:${tenantId}`, text, 'EX', 300);
}

async function checkerOf(sidecar: SidecarProcess): Promise<CheckerStatus | undefined> {
  const { body } = await sidecar.readiness();
  return (body as { checker?: CheckerStatus }).checker;
}

const connections = {
  'the Data API': () => ({}),
  'a direct connection': () => ({ DATABASE_URL: stack.databaseUrl }),
};

describe.each(Object.entries(connections))('the checker over %s', (_name, connection) => {
  it('agrees with what is right, and finds what nobody invalidates', async () => {
    await using sidecar = startSidecar({
      ...connection(),
      TIDEMARK_MAX_STALENESS: '1s',
      TIDEMARK_CHECKER_PER_SECOND: '100',
    });
    await sidecar.ready('working');
    for (let tenant = 1; tenant <= 20; tenant += 1) {
      await store(`t${tenant}`, { tenantId: `t${tenant}`, defaultModel: 'new-model', tasks: [] });
    }
    await until(async () => ((await checkerOf(sidecar))?.agreed ?? 0) > 20, { what: 'values that agree' });
    expect(await checkerOf(sidecar)).toMatchObject({ mismatchedOnce: 0, staleBeyondBound: 0 });

    await store('t7', { tenantId: 't7', defaultModel: 'poisoned-model' });
    await until(async () => ((await checkerOf(sidecar))?.staleBeyondBound ?? 0) > 0, {
      what: 'the poisoned value to be found',
    });
    const found = sidecar.told('an L2 value differs from its row beyond the bound');
    expect(found).toMatchObject({ table: policies, component: 'checker' });
    expect(sidecar.said).not.toContain('poisoned-model');
    expect(sidecar.said).not.toContain(`${prefix}:t7`);
    const metrics = await (await fetch(`${await sidecar.url()}/metrics`)).text();
    expect(metrics).toMatch(/^tidemark_checker_stale_beyond_bound_total [1-9]/m);

    // A change by SQL is unlinked by its round: nothing of it stays.
    const { staleBeyondBound = 0 } = (await checkerOf(sidecar)) ?? {};
    await runSql(
      stack.databaseUrl,
      `update ${policies} set default_model = 'poisoned-model' where tenant_id = 't7'`,
    );
    await until(async () => (await redis.exists(`${prefix}:t7`)) === 0, { what: 'the value to be unlinked' });
    const { sampled = 0 } = (await checkerOf(sidecar)) ?? {};
    await until(async () => ((await checkerOf(sidecar))?.sampled ?? 0) > sampled + 100, {
      what: 'more looks',
    });
    expect((await checkerOf(sidecar))?.staleBeyondBound).toBeLessThanOrEqual(staleBeyondBound + 1);
    await runSql(
      stack.databaseUrl,
      `update ${policies} set default_model = 'new-model' where tenant_id = 't7'`,
    );
  });
});

it('is off by default, and has no connection and no command then', async () => {
  await redis.config('RESETSTAT');
  await using sidecar = startSidecar({});
  await sidecar.ready();
  const { namespaces } = (await sidecar.readiness()).body.engine;
  expect(namespaces.length).toBeGreaterThan(0);
  expect(await checkerOf(sidecar)).toBeUndefined();
  expect(await redis.client('LIST')).not.toContain('tidemark-checker');
  expect(await redis.info('commandstats')).not.toContain('cmdstat_scan');
});
