// The figures of real sidecars: two processes over a whole stack, one of which works, with an instance, a collector and a
// Realtime that can be made to keep silent.
import { type Stack, startStack, until } from '@tidemark/devstack';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allQueries } from '../testing/dashboards.ts';
import { InstanceProcess } from '../testing/instance-process.ts';
import { attribute, OtlpCollector } from '../testing/otlp-collector.ts';
import { parseQuery } from '../testing/promql.ts';
import { runSql } from '../testing/run-sql.ts';
import { Scrape } from '../testing/scrape.ts';
import { SidecarProcess } from '../testing/sidecar-process.ts';

const policies = 'copilot_internal.tenant_llm_policies';
const metered = ['broadcast', 'changes of tidemark.change'];

let stack: Stack;
let collector: OtlpCollector;
let working: SidecarProcess;
let standby: SidecarProcess;
let instance: InstanceProcess;
let tenants = 0;

beforeAll(async () => {
  [stack, collector] = await Promise.all([startStack(), OtlpCollector.start()]);
  const env = {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    DATABASE_URL: stack.databaseUrl,
    REDIS_URL: stack.redisUrl,
  };
  working = new SidecarProcess({ ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
  await working.ready('working');
  standby = new SidecarProcess(env);
  await standby.ready('standby');
  instance = new InstanceProcess('api-1', stack);
});

afterAll(async () => {
  await instance?.[Symbol.asyncDispose]();
  await standby?.[Symbol.asyncDispose]();
  await working?.[Symbol.asyncDispose]();
  await collector?.[Symbol.asyncDispose]();
  await stack?.close();
});

async function scrape(sidecar = working): Promise<Scrape> {
  return Scrape.of(await sidecar.url());
}

async function untilScraped(what: string, is: (scrape: Scrape) => boolean): Promise<void> {
  await until(async () => is(await scrape()), { what, everyMs: 50, deadlineMs: 60_000 });
}

function change(): Promise<void> {
  tenants += 1;
  return runSql(
    stack.databaseUrl,
    `insert into ${policies} (tenant_id, default_model, default_provider) values ('tenant-${tenants}', 'm', 'p')`,
  );
}

function announced(now: Scrape, hint: string, outcome: string): number {
  return now.value('tidemark_hint_changes_total', { hint, outcome }) ?? 0;
}

async function everySourceListens(): Promise<void> {
  await untilScraped('every hint source to listen', (now) => {
    const listening = now.all('tidemark_hint_state', { state: 'listening' });
    return listening.length > 0 && listening.every(({ value }) => value === 1);
  });
}

describe('a sidecar that works', () => {
  it('counts a change from its commit to its publication, and what the hints made of it', async () => {
    await everySourceListens();
    await change();
    await untilScraped('both announcements', (now) =>
      metered.every((hint) => announced(now, hint, 'in_time') === 1),
    );
    const now = await scrape();
    const table = { table: policies };
    expect(now.value('tidemark_invalidations_total', table)).toBe(1);
    expect(now.value('tidemark_invalidated_keys_total', table)).toBe(1);
    expect(now.value('tidemark_whole_table_invalidations_total', table)).toBe(0);
    expect(now.value('tidemark_commit_to_publish_seconds_count', table)).toBe(1);
    expect(now.value('tidemark_takeovers_total', { namespace: 'main', link: 'none' })).toBe(1);
    for (const hint of metered) expect(now.value('tidemark_hint_delay_seconds_count', { hint })).toBe(1);
    // The whole is not shorter than its part: both end at the same moment.
    const lag = now.value('tidemark_commit_to_publish_seconds_sum', table);
    expect(lag).toBeGreaterThan(0);
  });

  it('sees the instance, and drops its series when it takes its leave', async () => {
    const name = { name: 'api-1' };
    await untilScraped(
      'a fresh instance',
      (now) => now.value('tidemark_instances', { freshness: 'fresh' }) === 1,
    );
    const now = await scrape();
    expect(now.all('tidemark_instance_state', name).map(({ labels }) => labels['freshness'])).toEqual([
      'fresh',
    ]);
    expect(now.value('tidemark_instance_bound_seconds', name)).toBe(2);
    expect(now.value('tidemark_instance_tidemark_age_seconds', name)).toBeLessThan(2);
    // It reads all the time; two scrapes lie two announcements apart.
    const reads = now.value('tidemark_instance_reads_total', name) ?? 0;
    await untilScraped(
      'more reads',
      (later) => (later.value('tidemark_instance_reads_total', name) ?? 0) > reads,
    );
  });

  it('has every metric and label that dashboard and alerts ask for', async () => {
    // A whole table, so that the figures of one are there, too.
    await runSql(stack.databaseUrl, `select tidemark.add_change('${policies}', null, true)`);
    await untilScraped(
      'the whole table',
      (now) => (now.value('tidemark_whole_table_invalidations_total') ?? 0) > 0,
    );
    await untilScraped(
      'the memory of Redis',
      (now) => now.value('tidemark_redis_memory_bytes') !== undefined,
    );
    const { samples } = await scrape();
    // The checker is off; its figures are absent then.
    const asked = allQueries()
      .flatMap(({ where, text }) => parseQuery(text).selectors.map((selector) => ({ where, ...selector })))
      .filter(({ metric }) => !metric.startsWith('tidemark_checker_'));
    const missing = asked.filter(
      ({ metric, labels }) =>
        !samples.some(
          (sample) =>
            sample.name === metric &&
            labels.every((label) => ['job', 'instance'].includes(label) || label in sample.labels),
        ),
    );
    expect(missing).toEqual([]);
  });

  it('names no key, however many there were', async () => {
    expect(
      (await scrape()).samples.filter(({ labels }) =>
        Object.values(labels).some((text) => text.includes('tenant-')),
      ),
    ).toEqual([]);
  });
});

it('a sidecar that stands by says so, and sees the same heads and instances', async () => {
  const [other, own] = [await scrape(standby), await scrape(working)];
  for (const { namespace } of own.all('tidemark_namespace_state').map(({ labels }) => labels)) {
    const of = (state: string): object => ({ namespace, state });
    expect(other.value('tidemark_namespace_state', { ...of('standby') })).toBe(1);
    expect(own.value('tidemark_namespace_state', { ...of('working') })).toBe(1);
  }
  expect(other.value('tidemark_generation')).toBe(own.value('tidemark_generation'));
  expect(other.value('tidemark_head_still_seconds', { namespace: 'main' })).toBeLessThan(10);
  expect(other.value('tidemark_instances', { freshness: 'fresh' })).toBe(1);
  expect(other.value('tidemark_round_duration_seconds_count')).toBeUndefined();
});

it('a source that keeps silent is counted, rebuilt, and told once; the other one goes on', async () => {
  // One row, and the whole table.
  await untilScraped('all announcements', (now) =>
    metered.every((hint) => announced(now, hint, 'in_time') === 2),
  );
  stack.realtime.vices.areBroadcastsSilent = true;
  const before = await scrape();
  await change();
  await untilScraped('the loss', (now) => announced(now, 'broadcast', 'never') === 1);
  await change();
  await untilScraped('the other announcement', (now) => {
    const [, journal = ''] = metered;
    return announced(now, journal, 'in_time') === announced(before, journal, 'in_time') + 2;
  });
  stack.realtime.vices.areBroadcastsSilent = false;
  await untilScraped(
    'another channel',
    (now) => now.value('tidemark_hint_rebuilds_total', { hint: 'broadcast' }) === 1,
  );
  await everySourceListens();
  await change();
  await untilScraped(
    'an announcement',
    (now) => announced(now, 'broadcast', 'in_time') > announced(before, 'broadcast', 'in_time'),
  );
  expect((await scrape()).value('tidemark_hint_silences_total', { hint: 'broadcast' })).toBe(1);
  const told = working.log.filter(
    ({ msg }) => msg === 'hint source does not deliver, rounds go on by the timer',
  );
  expect(told.map(({ hint, state }) => [hint, state])).toEqual([['broadcast', 'silent']]);
});

it('a scrape does not wait for a Redis that answers nothing', async () => {
  await stack.redis.freeze();
  try {
    await untilScraped('the silence of Redis', (now) => (now.value('tidemark_redis_errors_total') ?? 0) > 0);
    expect((await scrape()).value('tidemark_instances', { freshness: 'unknown' })).toBeGreaterThanOrEqual(0);
  } finally {
    stack.redis.thaw();
  }
  await working.ready();
});

it('a collector gets the same figures, and the rounds as traces', async () => {
  instance.kill('SIGTERM');
  await untilScraped('the leave of the instance', (now) => now.all('tidemark_instance_state').length === 0);
  const names = new Set((await scrape()).samples.map(({ name }) => name.replace(/_(bucket|sum|count)$/, '')));
  working.kill('SIGTERM');
  expect(await working.exited).toEqual({ code: 0, signal: null });
  const pushed = collector.metrics.map(({ name }) => name);
  expect(pushed).toEqual(expect.arrayContaining([...names].filter((name) => name.startsWith('tidemark_'))));
  const rounds = collector.spans.filter(({ name }) => ['tidemark.round', 'tidemark.glance'].includes(name));
  const ofPolicies = rounds.filter(({ attributes }) =>
    (attribute(attributes, 'tidemark.tables') as string[] | undefined)?.includes(policies),
  );
  expect(ofPolicies.length).toBeGreaterThanOrEqual(tenants);
});
