// Health of parts that are at hand without a server, and of parts that answer late, badly or not at all.
import { createCache, type CacheStatus, type RegionStatus } from '@tidemark/cache';
import { FakeClock } from '@tidemark/devstack/fakes';
import { describe, expect, test } from 'vitest';
import { createConversationEventHub, createConversationListEventHub } from '../events/create-event-hubs.ts';
import { createRateLimiter } from '../rate-limit/rate-limiter.ts';
import { fakeDataApi, json } from '../testing/fake-data-api.ts';
import { checkHealth, formatHealth, isHealthy, type HealthParts } from './check-health.ts';
import { judgeCache } from './judge-cache.ts';

const latencyMs = expect.any(Number) as number;

describe('the health of every part (#37)', () => {
  test('has one entry for each part that was given, and one line', async () => {
    const clock = new FakeClock();
    const { supabase } = fakeDataApi(() => json([{ tenant_id: 't' }]));
    const health = await checkHealth(
      {
        supabase,
        cache: createCache(),
        conversationEvents: createConversationEventHub(),
        conversationListEvents: createConversationListEventHub(),
        rateLimiter: createRateLimiter(),
      },
      { clock },
    );
    expect(isHealthy(health)).toBe(true);
    expect(formatHealth(health).split('\n')).toEqual([
      'supabase: healthy, Supabase, 0 ms, copilot_internal.tenant_llm_policies can be read',
      'cache: healthy, no journal, L1, 0 ms, nothing follows a table',
      'conversationEvents: healthy, this process, 0 ms, no Redis was given',
      'conversationListEvents: healthy, this process, 0 ms, no Redis was given',
      'rateLimiter: healthy, this process, 0 ms, no Redis was given',
    ]);
  });

  test('is empty, and well, without parts', async () => {
    expect(await checkHealth({})).toEqual({});
    expect(isHealthy({})).toBe(true);
  });

  test('asks the source for one row of the schema it is told', async () => {
    const { supabase, requests } = fakeDataApi(() => json([]));
    const health = await checkHealth({ supabase }, { schema: 'public' });
    expect(health.supabase).toMatchObject({ healthy: true });
    expect(requests.map(({ url, headers }) => [new URL(url).search, headers.get('accept-profile')])).toEqual([
      ['?select=tenant_id&limit=1', 'public'],
    ]);
  });

  test('has the reason of the source when it refuses', async () => {
    const { supabase } = fakeDataApi(() => json({ code: '42501', message: 'permission denied' }, 403));
    expect(await checkHealth({ supabase })).toEqual({
      supabase: {
        healthy: false,
        backend: 'none',
        latencyMs,
        reason: 'the read of copilot_internal.tenant_llm_policies failed with 42501: permission denied',
      },
    });
  });

  test('does not wait for who does not answer, and tells how the others are', async () => {
    const clock = new FakeClock();
    const { supabase } = fakeDataApi(() => new Promise<Response>(() => {}));
    const checking = checkHealth({ supabase, rateLimiter: createRateLimiter() }, { timeout: '2s', clock });
    await clock.advance(2_000);
    const health = await checking;
    expect(health.supabase).toEqual({
      healthy: false,
      backend: 'none',
      latencyMs: 2_000,
      reason: 'no answer within 2000 ms',
    });
    expect(health.rateLimiter?.healthy).toBe(true);
    expect(isHealthy(health)).toBe(false);
    expect(clock.pending).toBe(0);
  });

  test('has an answer for a part that throws', async () => {
    const cache = {
      status: (): CacheStatus => {
        throw new Error('half made');
      },
    };
    expect((await checkHealth({ cache })).cache).toMatchObject({ healthy: false, reason: 'half made' });
  });

  test('refuses a part nobody knows', async () => {
    await expect(checkHealth({ redsi: 1 } as HealthParts)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    await expect(checkHealth({}, { timeout: 0 })).rejects.toMatchObject({ code: 'DURATION_INVALID' });
  });
});

describe('a cache (#37)', () => {
  const region: RegionStatus = {
    name: 'llm:policy',
    tables: ['public.t'],
    entries: 0,
    hits: 0,
    l2Hits: 0,
    l2Refused: 0,
    l2Unshared: 0,
    l2Fills: 0,
    l2Fenced: 0,
    overtaken: { record: 0, hint: 0, write: 0, reset: 0 },
    loads: 0,
    lease: 'live',
    guarantee: 'bounded',
  };
  const namespace = {
    namespace: 'main',
    position: '1-1',
    tidemarkAgeMs: 41.7,
    boundMs: 2_000,
    resets: 0,
    replays: 0,
    refused: { heads: 0, records: 0, hints: 0 },
  };
  const status: CacheStatus = {
    mode: 'sidecar',
    instanceId: 'i',
    redis: 'connected',
    redisErrors: 0,
    namespaces: [namespace],
    regions: [region],
  };

  test.each<{ what: string; status: CacheStatus; healthy: boolean; reason: string }>([
    { what: 'is well with its leases', status, healthy: true, reason: 'tidemark 42 ms old' },
    {
      what: 'is told by the oldest tidemark of its namespaces',
      status: { ...status, namespaces: [namespace, { ...namespace, tidemarkAgeMs: 99 }] },
      healthy: true,
      reason: 'tidemark 99 ms old',
    },
    {
      what: 'is well with a region that needs no lease',
      status: { ...status, namespaces: [], regions: [{ ...region, tables: [], lease: 'none' }] },
      healthy: true,
      reason: 'nothing follows a table',
    },
    {
      what: 'is not well without a lease, and says why there is none',
      status: { ...status, regions: [region, { ...region, lease: 'none', problem: 'no trigger' }] },
      healthy: false,
      reason: 'no lease: llm:policy (no trigger)',
    },
    {
      what: 'is not well while it waits for a round',
      status: { ...status, regions: [{ ...region, lease: 'none' }] },
      healthy: false,
      reason: 'no lease: llm:policy waits for a round',
    },
    {
      what: 'is not well without the Redis it was given',
      status: { ...status, redis: 'unreachable' },
      healthy: false,
      reason: 'Redis can not be reached: entries live for the bound',
    },
  ])('$what', ({ status, healthy, reason }) => {
    expect(judgeCache(status)).toMatchObject({ healthy, reason });
  });
});
