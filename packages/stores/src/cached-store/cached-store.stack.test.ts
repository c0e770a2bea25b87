// A table of one's own behind the cache, as the documentation of `createCachedStore` shows it, on the local stack.
import type { SupabaseClient } from '@supabase/supabase-js';
import { createCache, type Cache } from '@tidemark/cache';
import { startStack, type Stack, until } from '@tidemark/devstack';
import { createEngine, supabaseJournal } from '@tidemark/engine';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import * as z from 'zod';
import { connectSupabase } from '../testing/policy-instance.ts';
import { tidemarkPassed } from '../testing/tidemark-passed.ts';
import { createCachedStore, type CachedStore } from './cached-store.ts';

const planSchema = z.object({ id: z.string(), seats: z.number(), ends_at: z.coerce.date() });
type Plan = z.infer<typeof planSchema>;

let stack: Stack;
let database: Client;
let redis: Redis;
const caches: Cache[] = [];

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  redis = new Redis(stack.redisUrl);
  database = new Client({ connectionString: stack.databaseUrl });
  await database.connect();
  await database.query(`
    create table public.plans (id text primary key, seats integer not null, ends_at timestamptz not null);
    grant all on public.plans to service_role;
    select tidemark.track('public.plans', 'id', array['copilot:billing:plan']);
  `);
  await stack.dataApi.reloadSchema();
});

afterAll(async () => {
  await Promise.all(caches.map((cache) => cache.close()));
  redis.disconnect();
  await database.end();
  await stack.close();
});

function openPlans(supabase: SupabaseClient, cache: Cache): CachedStore<Plan> {
  return createCachedStore(cache, {
    keyPrefix: 'billing:plan',
    table: 'public.plans',
    ttlSeconds: 300,
    schema: planSchema,
    load: async (id, { signal }) => {
      const { data, error } = await supabase
        .from('plans')
        .select()
        .eq('id', id)
        .abortSignal(signal)
        .maybeSingle();
      if (error !== null) throw error;
      return data === null ? null : planSchema.parse(data);
    },
  });
}

async function startInstance(): Promise<{ plans: CachedStore<Plan>; cache: Cache }> {
  const supabase = connectSupabase(stack, stack.serviceRoleKey);
  const engine = createEngine({ journal: supabaseJournal(supabase) });
  const cache = createCache({ redis: stack.redisUrl, engine });
  caches.push(cache);
  const plans = openPlans(supabase, cache);
  await cache.ready();
  return { plans, cache };
}

test('a row is cached, its dates are dates from every level, and a change by SQL reaches every instance (#18)', async () => {
  await database.query(`insert into public.plans values ('p1', 5, '2027-01-01T00:00:00Z')`);
  const first = await startInstance();
  await tidemarkPassed(first.cache);
  const plan = { id: 'p1', seats: 5, ends_at: new Date('2027-01-01T00:00:00Z') };
  expect(await first.plans.get('p1')).toEqual(plan);

  const second = await startInstance();
  await until(async () => (await redis.exists('copilot:billing:plan:p1')) === 1, { what: 'the plan in L2' });
  expect(await second.plans.get('p1')).toEqual(plan);
  expect(second.cache.status().regions).toMatchObject([{ l2Hits: 1, loads: 0 }]);

  await database.query(`update public.plans set seats = 6 where id = 'p1'`);
  for (const { plans } of [first, second]) {
    await until(async () => (await plans.get('p1'))?.seats === 6, { what: 'six seats' });
  }
});
