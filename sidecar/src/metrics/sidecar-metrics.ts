// Whether this sidecar does its work, who publishes, and how far: its own state, and the heads that it sees in Redis.
import type { LoopState } from '@tidemark/engine';
import type { Observation } from '../observer/observer.ts';
import type { SidecarStatus } from '../sidecar.ts';
import type { MetricRegistry } from './metric-registry.ts';

export const sidecarDefinitions = {
  build: {
    type: 'gauge',
    name: 'tidemark_build_info',
    help: 'Always 1; the version of the sidecar is in its label.',
    labels: ['version'],
  },
  ready: {
    type: 'gauge',
    name: 'tidemark_ready',
    help: '1 while /readyz answers 200: Redis is connected, and each namespace is working or standing by.',
    labels: [],
  },
  namespaceState: {
    type: 'gauge',
    name: 'tidemark_namespace_state',
    help: '1 for the state of the rounds of the namespace in this sidecar, 0 for the others: working runs them, standby leaves them to another process.',
    labels: ['namespace', 'state'],
  },
  generation: {
    type: 'gauge',
    name: 'tidemark_generation',
    help: 'Generation of the head in Redis, as this sidecar sees it. Each takeover makes it greater.',
    labels: ['namespace'],
  },
  headStill: {
    type: 'gauge',
    name: 'tidemark_head_still_seconds',
    help: 'How long no round was done by anybody, as this sidecar sees it once a second. Beyond the bound no instance has a lease.',
    labels: ['namespace'],
  },
  tableFollowed: {
    type: 'gauge',
    name: 'tidemark_table_followed',
    help: '1 while the triggers of the table are in place, 0 while its changes may go unseen.',
    labels: ['namespace', 'table'],
  },
} as const;

const states: readonly LoopState['kind'][] = ['starting', 'standby', 'working', 'failing'];

export interface SidecarSources {
  readonly version: string;
  readonly status: () => SidecarStatus;
  readonly observation: () => Observation;
}

export function showSidecar(
  registry: MetricRegistry,
  { version, status, observation }: SidecarSources,
): void {
  registry.gauge(sidecarDefinitions.build).set({ version }, 1);
  const ready = registry.gauge(sidecarDefinitions.ready);
  const namespaceState = registry.gauge(sidecarDefinitions.namespaceState);
  const generation = registry.gauge(sidecarDefinitions.generation);
  const headStill = registry.gauge(sidecarDefinitions.headStill);
  const tableFollowed = registry.gauge(sidecarDefinitions.tableFollowed);
  registry.beforeScrape(() => {
    for (const metric of [namespaceState, generation, headStill, tableFollowed]) metric.reset();
    const { isReady, engine } = status();
    ready.set(isReady ? 1 : 0);
    for (const { namespace, loop } of engine.namespaces) {
      for (const state of states) namespaceState.set({ namespace, state }, loop.kind === state ? 1 : 0);
    }
    for (const { namespace, head, watch, stillMs } of observation().namespaces) {
      if (head !== null) generation.set({ namespace }, head.position.generation);
      if (stillMs !== null) headStill.set({ namespace }, stillMs / 1_000);
      for (const [table, { namespace: owner, problem }] of watch?.tables ?? []) {
        if (owner === namespace) tableFollowed.set({ namespace, table }, problem === null ? 1 : 0);
      }
    }
  });
}
