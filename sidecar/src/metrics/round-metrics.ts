// What rounds cost and what they publish.
import type { ObservedRound } from '@tidemark/engine';
import type { MetricRegistry } from './metric-registry.ts';

export const roundDefinitions = {
  duration: {
    type: 'histogram',
    name: 'tidemark_round_duration_seconds',
    help: 'Time of a round that this sidecar ran, from begin to the end of the publication; with outcome glance, of a glance that told a change. A sidecar that stands by runs none.',
    labels: ['namespace', 'outcome'],
    buckets: 'latency',
  },
  stepDuration: {
    type: 'histogram',
    name: 'tidemark_round_step_duration_seconds',
    help: 'Time of one step of a round or a glance: begin and publish wait for Redis, read waits for PostgreSQL.',
    labels: ['namespace', 'step'],
    buckets: 'latency',
  },
  commitToPublish: {
    type: 'histogram',
    name: 'tidemark_commit_to_publish_seconds',
    help: 'From the commit of a change to the end of the round that published it: the lag, without the way to the instances.',
    labels: ['table'],
    buckets: 'latency',
  },
  invalidations: {
    type: 'counter',
    name: 'tidemark_invalidations_total',
    help: 'Records that this sidecar published which name the table.',
    labels: ['table'],
  },
  keys: {
    type: 'counter',
    name: 'tidemark_invalidated_keys_total',
    help: 'Keys that these records named. A whole table names none.',
    labels: ['table'],
  },
  wholeTables: {
    type: 'counter',
    name: 'tidemark_whole_table_invalidations_total',
    help: 'Records that named the whole table: a bulk change, TRUNCATE, or invalidateAll. Every instance loads its entries anew.',
    labels: ['table'],
  },
  takeovers: {
    type: 'counter',
    name: 'tidemark_takeovers_total',
    help: 'Generations that this sidecar opened. Link none: every instance started anew; kept: it went on from where it was.',
    labels: ['namespace', 'link'],
  },
} as const;

/** @returns what is to be told of each round */
export function countRounds(registry: MetricRegistry): (round: ObservedRound) => void {
  const duration = registry.histogram(roundDefinitions.duration);
  const stepDuration = registry.histogram(roundDefinitions.stepDuration);
  const commitToPublish = registry.histogram(roundDefinitions.commitToPublish);
  const invalidations = registry.counter(roundDefinitions.invalidations);
  const keys = registry.counter(roundDefinitions.keys);
  const wholeTables = registry.counter(roundDefinitions.wholeTables);
  const takeovers = registry.counter(roundDefinitions.takeovers);
  return ({ namespace, isGlance, outcome, startedMs, endedMs, steps, changes, opened }) => {
    duration.observe({ namespace, outcome: isGlance ? 'glance' : outcome }, (endedMs - startedMs) / 1_000);
    for (const step of steps) {
      stepDuration.observe({ namespace, step: step.name }, (step.endedMs - step.startedMs) / 1_000);
    }
    for (const { table, keys: count, publishedAfterMs } of changes) {
      invalidations.inc({ table });
      keys.inc({ table }, count ?? 0);
      wholeTables.inc({ table }, count === null ? 1 : 0);
      for (const ms of publishedAfterMs) commitToPublish.observe({ table }, ms / 1_000);
    }
    if (opened !== undefined) takeovers.inc({ namespace, link: opened.isLinked ? 'kept' : 'none' });
  };
}
