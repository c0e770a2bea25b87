import { readFileSync } from 'node:fs';
import type { EngineObserver, HintStatus, LoopState } from '@tidemark/engine';
import { beforeEach, describe, expect, test } from 'vitest';
import type { KnownInstance } from '../instances/instance-directory.ts';
import { nothingSeen, type Observation } from '../observer/observer.ts';
import type { SidecarStatus } from '../sidecar.ts';
import { announcementOf } from '../testing/announcements.ts';
import { sidecarVersion } from '../version.ts';
import { addMetrics, metricParts } from './all-metrics.ts';
import { MetricRegistry } from './metric-registry.ts';

let registry: MetricRegistry;
let observer: EngineObserver;
let loop: LoopState;
let hints: HintStatus[];
let observation: Observation;

beforeEach(() => {
  loop = { kind: 'working' };
  hints = [];
  observation = nothingSeen;
  registry = new MetricRegistry();
  observer = addMetrics(registry, {
    version: '1.2.3',
    status: (): SidecarStatus => ({
      isReady: true,
      problems: [],
      tables: [],
      engine: {
        namespaces: [{ namespace: 'main', loop, position: null }],
        hints,
        redis: 'connected',
        redisErrors: 4,
      },
    }),
    observation: () => observation,
  });
});

/** The samples whose name begins so, sorted. */
async function samples(name: string): Promise<string[]> {
  const text = await registry.text();
  return text
    .split('\n')
    .filter((line) => line.startsWith(name))
    .sort();
}

function instanceOf(name: string, changed: object = {}, more: Partial<KnownInstance> = {}): KnownInstance {
  const announcement = announcementOf({ instanceId: name, name, ...changed });
  return {
    announcement,
    freshness: 'fresh',
    sentence: null,
    silentMs: 100,
    lags: [],
    hitRate: null,
    ...more,
  };
}

describe('rounds', () => {
  const steps = [
    { name: 'begin', startedMs: 0, endedMs: 1 },
    { name: 'read', startedMs: 1, endedMs: 4 },
    { name: 'publish', startedMs: 4, endedMs: 6 },
  ] as const;
  const times = { startedMs: 0, endedMs: 6, steps } as const;
  const round = { namespace: 'main', isGlance: false, outcome: 'published', ...times } as const;

  test('are timed whole and step by step, in seconds', async () => {
    observer.onRound?.({ ...round, changes: [] });
    expect(await samples('tidemark_round_duration_seconds_sum')).toEqual([
      'tidemark_round_duration_seconds_sum{namespace="main",outcome="published"} 0.006',
    ]);
    expect(await samples('tidemark_round_step_duration_seconds_sum')).toEqual([
      'tidemark_round_step_duration_seconds_sum{namespace="main",step="begin"} 0.001',
      'tidemark_round_step_duration_seconds_sum{namespace="main",step="publish"} 0.002',
      'tidemark_round_step_duration_seconds_sum{namespace="main",step="read"} 0.003',
    ]);
  });

  test('are told from glances', async () => {
    observer.onRound?.({ ...round, isGlance: true, changes: [] });
    expect(await samples('tidemark_round_duration_seconds_sum')).toEqual([
      'tidemark_round_duration_seconds_sum{namespace="main",outcome="glance"} 0.006',
    ]);
  });

  test('count keys and whole tables by table, and time each commit until it is published', async () => {
    observer.onRound?.({
      ...round,
      changes: [
        { table: 'a.t', keys: 3, publishedAfterMs: [2, 8] },
        { table: 'a.u', keys: null, publishedAfterMs: [4] },
      ],
    });
    expect(await samples('tidemark_inval')).toEqual([
      'tidemark_invalidated_keys_total{table="a.t"} 3',
      'tidemark_invalidated_keys_total{table="a.u"} 0',
      'tidemark_invalidations_total{table="a.t"} 1',
      'tidemark_invalidations_total{table="a.u"} 1',
    ]);
    expect(await samples('tidemark_whole_table')).toEqual([
      'tidemark_whole_table_invalidations_total{table="a.t"} 0',
      'tidemark_whole_table_invalidations_total{table="a.u"} 1',
    ]);
    expect(await samples('tidemark_commit_to_publish_seconds_sum{table="a.t"}')).toEqual([
      'tidemark_commit_to_publish_seconds_sum{table="a.t"} 0.01',
    ]);
  });

  test('tell a takeover, and whether instances kept what they had', async () => {
    for (const isLinked of [true, false, true]) {
      observer.onRound?.({ ...round, changes: [], opened: { generation: 7, isLinked } });
    }
    expect(await samples('tidemark_takeovers')).toEqual([
      'tidemark_takeovers_total{namespace="main",link="kept"} 2',
      'tidemark_takeovers_total{namespace="main",link="none"} 1',
    ]);
  });
});

test('a sidecar that stands by says so', async () => {
  loop = { kind: 'standby' };
  expect(await samples('tidemark_namespace_state')).toEqual([
    'tidemark_namespace_state{namespace="main",state="failing"} 0',
    'tidemark_namespace_state{namespace="main",state="standby"} 1',
    'tidemark_namespace_state{namespace="main",state="starting"} 0',
    'tidemark_namespace_state{namespace="main",state="working"} 0',
  ]);
});

describe('hints', () => {
  const source: HintStatus = {
    name: 'broadcast',
    state: 'silent',
    heard: 9,
    silences: 2,
    rebuilds: 3,
    announced: { inTime: 7, late: 1, never: 2, away: 5, medianDelayMs: 1 },
    reason: 'it says nothing, and names somebody: tenant-7',
  };

  test('show what they announced and lost, as it is at the scrape', async () => {
    hints = [source];
    await samples('tidemark');
    hints = [{ ...source, heard: 10 }];
    expect(await samples('tidemark_hint')).toEqual([
      'tidemark_hint_changes_total{hint="broadcast",outcome="away"} 5',
      'tidemark_hint_changes_total{hint="broadcast",outcome="in_time"} 7',
      'tidemark_hint_changes_total{hint="broadcast",outcome="late"} 1',
      'tidemark_hint_changes_total{hint="broadcast",outcome="never"} 2',
      'tidemark_hint_rebuilds_total{hint="broadcast"} 3',
      'tidemark_hint_silences_total{hint="broadcast"} 2',
      'tidemark_hint_state{hint="broadcast",state="closed"} 0',
      'tidemark_hint_state{hint="broadcast",state="joining"} 0',
      'tidemark_hint_state{hint="broadcast",state="listening"} 0',
      'tidemark_hint_state{hint="broadcast",state="refused"} 0',
      'tidemark_hint_state{hint="broadcast",state="silent"} 1',
      'tidemark_hints_heard_total{hint="broadcast"} 10',
    ]);
  });

  test('never put a sentence into a label', async () => {
    hints = [source];
    expect(await registry.text()).not.toContain('tenant-7');
  });

  test('are timed from commit to announcement, those that came', async () => {
    observer.onHint?.({ hint: 'broadcast', outcome: 'in time', delayMs: 2 });
    observer.onHint?.({ hint: 'broadcast', outcome: 'never', delayMs: null });
    expect(await samples('tidemark_hint_delay_seconds_count')).toEqual([
      'tidemark_hint_delay_seconds_count{hint="broadcast"} 1',
    ]);
  });
});

describe('instances', () => {
  test('that are gone take their series with them', async () => {
    observation = { ...nothingSeen, instances: [instanceOf('api-1'), instanceOf('api-2')] };
    expect(await samples('tidemark_instance_entries')).toHaveLength(2);
    observation = {
      ...nothingSeen,
      instances: [instanceOf('api-2', { l1: { entries: 5, hits: 1, l2Hits: 2, loads: 3 } })],
    };
    expect(await samples('tidemark_instance_')).not.toContain(expect.stringContaining('api-1'));
    expect(await samples('tidemark_instance_entries')).toEqual(['tidemark_instance_entries{name="api-2"} 5']);
    expect(await samples('tidemark_instance_reads_total')).toEqual([
      'tidemark_instance_reads_total{name="api-2",from="l1"} 1',
      'tidemark_instance_reads_total{name="api-2",from="l2"} 2',
      'tidemark_instance_reads_total{name="api-2",from="source"} 3',
    ]);
  });

  test('of one name are one series, with the worst of each', async () => {
    const namespaceOf = (tidemarkAgeMs: number | null): object => ({
      namespaces: [{ namespace: 'main', position: '1-1', tidemarkAgeMs, boundMs: 2_000 }],
    });
    observation = {
      ...nothingSeen,
      instances: [
        instanceOf('api', namespaceOf(400)),
        instanceOf('api', namespaceOf(300), { freshness: 'frozen', silentMs: 9_000 }),
      ],
    };
    expect(await samples('tidemark_instance_state')).toEqual([
      'tidemark_instance_state{name="api",freshness="frozen"} 1',
    ]);
    expect(await samples('tidemark_instance_tidemark_age')).toEqual([
      'tidemark_instance_tidemark_age_seconds{name="api"} 9.3',
    ]);
    expect(await samples('tidemark_instances{freshness="f')).toEqual([
      'tidemark_instances{freshness="fresh"} 1',
      'tidemark_instances{freshness="frozen"} 1',
    ]);
    observation = { ...nothingSeen, instances: [instanceOf('api', namespaceOf(null))] };
    expect(await samples('tidemark_instance_tidemark_age')).toEqual([]);
  });
});

test('what Redis does not tell of itself is absent, not zero', async () => {
  expect(await samples('tidemark_redis')).toEqual(['tidemark_redis_errors_total 4', 'tidemark_redis_up 1']);
  const redis = {
    version: '7',
    role: 'master',
    isCluster: false,
    evictionPolicy: 'noeviction',
    maxMemory: 100,
    usedMemory: 90,
    evictedKeys: 3,
    hasAppendOnlyFile: false,
  };
  observation = { ...nothingSeen, redis };
  expect(await samples('tidemark_redis')).toEqual([
    'tidemark_redis_errors_total 4',
    'tidemark_redis_evicted_keys_total 3',
    'tidemark_redis_memory_bytes 90',
    'tidemark_redis_memory_limit_bytes 100',
    'tidemark_redis_up 1',
  ]);
  observation = nothingSeen;
  expect(await samples('tidemark_redis_evicted')).toEqual([]);
});

describe('the definitions', () => {
  const all = metricParts.flatMap(({ definitions }) => definitions);

  test('are the metrics that are served, one by one', async () => {
    const served = (await registry.read())
      .map(({ name }) => name)
      .filter((name) => name.startsWith('tidemark_'));
    expect(served.sort()).toEqual(all.map(({ name }) => name).sort());
  });

  test('have names in base units, and counters say that they are', () => {
    for (const { name, type } of all) {
      expect(name).toMatch(/^tidemark_[a-z]+(_[a-z]+)*$/);
      expect(name).not.toMatch(/_(ms|millis|milliseconds|kb|percent)(_|$)/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });

  test('have labels of few values only', () => {
    const known = [
      'namespace',
      'outcome',
      'step',
      'table',
      'link',
      'hint',
      'state',
      'name',
      'freshness',
      'from',
      'version',
      'reason',
    ];
    for (const { labels } of all) for (const label of labels) expect(known).toContain(label);
  });
});

test('the version is the one of the package', () => {
  const file = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect((JSON.parse(file) as { version: string }).version).toBe(sidecarVersion);
});
