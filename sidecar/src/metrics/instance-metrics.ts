// The instances, as they announced themselves in Redis: who is fresh, and what their caches do. One that is gone takes its
// series with it. The label is the name: an id would be a new series at each start. Of several with one name the counts
// are added, and of ages and states the worst is shown.
import type { KnownInstance } from '../instances/instance-directory.ts';
import { boundOf, tidemarkAgeOf, worstFirst } from '../instances/judge-instance.ts';
import type { Observation } from '../observer/observer.ts';
import type { MetricRegistry } from './metric-registry.ts';

export const instanceDefinitions = {
  count: {
    type: 'gauge',
    name: 'tidemark_instances',
    help: 'Instances that announced themselves, by freshness. Those that vanished without a word stay for a minute and a half.',
    labels: ['freshness'],
  },
  state: {
    type: 'gauge',
    name: 'tidemark_instance_state',
    help: '1 for the freshness of the instance; it has no other series.',
    labels: ['name', 'freshness'],
  },
  age: {
    type: 'gauge',
    name: 'tidemark_instance_tidemark_age_seconds',
    help: 'How long ago every committed change was known to the instance, in its worst namespace, measured by itself. Absent while it has no proof.',
    labels: ['name'],
  },
  bound: {
    type: 'gauge',
    name: 'tidemark_instance_bound_seconds',
    help: 'The tightest bound (maxStaleness) of its regions that name a table.',
    labels: ['name'],
  },
  leases: {
    type: 'gauge',
    name: 'tidemark_instance_leases',
    help: 'Regions of the instance that have their lease.',
    labels: ['name'],
  },
  regions: {
    type: 'gauge',
    name: 'tidemark_instance_regions',
    help: 'Regions of the instance that name a table, and so should have a lease.',
    labels: ['name'],
  },
  entries: {
    type: 'gauge',
    name: 'tidemark_instance_entries',
    help: 'Entries in L1.',
    labels: ['name'],
  },
  reads: {
    type: 'counter',
    name: 'tidemark_instance_reads_total',
    help: 'Since the start of the process: reads that l1 or l2 served, and calls of the loader (source), each for as many keys as missed together.',
    labels: ['name', 'from'],
  },
  redisErrors: {
    type: 'counter',
    name: 'tidemark_instance_redis_errors_total',
    help: 'Redis commands of the instance that failed or timed out since its start. A read never fails for it.',
    labels: ['name'],
  },
  refused: {
    type: 'gauge',
    name: 'tidemark_announcements_refused',
    help: 'Announcements in Redis that could not be read: of another version, or written by a stranger.',
    labels: [],
  },
} as const;

type Gauges = Record<Exclude<keyof typeof instanceDefinitions, 'reads' | 'redisErrors'>, object>;

export function showInstances(registry: MetricRegistry, observation: () => Observation): void {
  const { count, state, age, bound, leases, regions, entries, refused } = instanceDefinitions;
  const gauges = {
    count: registry.gauge(count),
    state: registry.gauge(state),
    age: registry.gauge(age),
    bound: registry.gauge(bound),
    leases: registry.gauge(leases),
    regions: registry.gauge(regions),
    entries: registry.gauge(entries),
    refused: registry.gauge(refused),
  } satisfies Gauges;
  const reads = registry.counter(instanceDefinitions.reads);
  const redisErrors = registry.counter(instanceDefinitions.redisErrors);
  registry.beforeScrape(() => {
    for (const metric of [...Object.values(gauges), reads, redisErrors]) metric.reset();
    const { instances, refused } = observation();
    gauges.refused.set(refused);
    for (const freshness of worstFirst) {
      gauges.count.set({ freshness }, instances.filter((one) => one.freshness === freshness).length);
    }
    for (const [name, namesakes] of byName(instances)) {
      const worst = worstFirst.find((one) => namesakes.some(({ freshness }) => freshness === one));
      if (worst !== undefined) gauges.state.set({ name, freshness: worst }, 1);
      const ages = namesakes.map(ageOf);
      if (!ages.includes(null)) gauges.age.set({ name }, Math.max(...ages.map(Number)) / 1_000);
      const bounds = namesakes.map(({ announcement }) => boundOf(announcement)).filter((ms) => ms !== null);
      if (bounds.length > 0) gauges.bound.set({ name }, Math.min(...bounds) / 1_000);
      for (const { announcement } of namesakes) {
        const { l1, redisErrors: errors } = announcement;
        gauges.leases.inc({ name }, announcement.leases.live);
        gauges.regions.inc({ name }, announcement.leases.regions);
        gauges.entries.inc({ name }, l1.entries);
        reads.inc({ name, from: 'l1' }, l1.hits);
        reads.inc({ name, from: 'l2' }, l1.l2Hits);
        reads.inc({ name, from: 'source' }, l1.loads);
        redisErrors.inc({ name }, errors);
      }
    }
  });
}

function byName(instances: readonly KnownInstance[]): Map<string, KnownInstance[]> {
  const named = new Map<string, KnownInstance[]>();
  for (const instance of instances) {
    const { name } = instance.announcement;
    named.set(name, [...(named.get(name) ?? []), instance]);
  }
  return named;
}

/** While nothing is heard of it, its tidemark can only have grown older. */
function ageOf({ announcement, freshness, silentMs }: KnownInstance): number | null {
  const ageMs = tidemarkAgeOf(announcement);
  return ageMs !== null && freshness === 'frozen' ? ageMs + silentMs : ageMs;
}
