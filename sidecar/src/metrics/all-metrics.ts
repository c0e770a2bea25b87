// All metrics of the sidecar, part by part. A part of the sidecar that has figures of its own adds a file beside this one
// (its definitions, and what sets them) and a line in both places here; dashboards, alerts and docs/operate.md are then
// checked against it.
import type { EngineObserver } from '@tidemark/engine';
import { checkerDefinitions, showChecker } from './checker-metrics.ts';
import { countHints, hintDefinitions } from './hint-metrics.ts';
import { instanceDefinitions, showInstances } from './instance-metrics.ts';
import type { MetricDefinition } from './metric-definition.ts';
import type { MetricRegistry } from './metric-registry.ts';
import { redisDefinitions, showRedis } from './redis-metrics.ts';
import { countRounds, roundDefinitions } from './round-metrics.ts';
import { showSidecar, sidecarDefinitions, type SidecarSources } from './sidecar-metrics.ts';

/** Each part with its title in docs/operate.md, in the order in which a person asks. */
export const metricParts: readonly {
  readonly title: string;
  readonly definitions: readonly MetricDefinition[];
}[] = [
  { title: 'The sidecar', definitions: Object.values(sidecarDefinitions) },
  { title: 'Instances', definitions: Object.values(instanceDefinitions) },
  { title: 'Rounds', definitions: Object.values(roundDefinitions) },
  { title: 'Hints', definitions: Object.values(hintDefinitions) },
  { title: 'Redis', definitions: Object.values(redisDefinitions) },
  { title: 'The checker', definitions: Object.values(checkerDefinitions) },
];

/** @returns what the engine is to tell; the rest is asked for before each scrape */
export function addMetrics(registry: MetricRegistry, sources: SidecarSources): EngineObserver {
  showSidecar(registry, sources);
  showInstances(registry, sources.observation);
  showRedis(registry, sources);
  showChecker(registry, sources.status);
  return {
    onRound: countRounds(registry),
    onHint: countHints(registry, sources.status),
  };
}
