// How the hint sources are, and what they announced and lost.
import type { HintOutcome, HintState, ObservedHint } from '@tidemark/engine';
import type { SidecarStatus } from '../sidecar.ts';
import type { MetricRegistry } from './metric-registry.ts';

export const hintDefinitions = {
  state: {
    type: 'gauge',
    name: 'tidemark_hint_state',
    help: '1 for the state the hint source is in, 0 for the others. Only listening announces anything.',
    labels: ['hint', 'state'],
  },
  heard: {
    type: 'counter',
    name: 'tidemark_hints_heard_total',
    help: 'Hints heard from the source.',
    labels: ['hint'],
  },
  silences: {
    type: 'counter',
    name: 'tidemark_hint_silences_total',
    help: 'Times that a round found a change and the source said nothing within its grace (1 s; changes, 3 s).',
    labels: ['hint'],
  },
  rebuilds: {
    type: 'counter',
    name: 'tidemark_hint_rebuilds_total',
    help: 'Channels of the source that were given up for a new one, after a silence, a refusal or an expired token.',
    labels: ['hint'],
  },
  changes: {
    type: 'counter',
    name: 'tidemark_hint_changes_total',
    help: 'Changes that rounds found, by what the source did: in_time, late (after its grace), never (lost while it listened), away (made while it did not listen).',
    labels: ['hint', 'outcome'],
  },
  delay: {
    type: 'histogram',
    name: 'tidemark_hint_delay_seconds',
    help: 'From the commit of a change to the hint of the source, of those that came.',
    labels: ['hint'],
    buckets: 'latency',
  },
} as const;

const states: readonly HintState[] = ['joining', 'listening', 'silent', 'refused', 'closed'];

const outcomeLabels: Readonly<Record<HintOutcome, string>> = {
  'in time': 'in_time',
  late: 'late',
  never: 'never',
  away: 'away',
};

/** @returns what is to be told of each hint */
export function countHints(
  registry: MetricRegistry,
  status: () => SidecarStatus,
): (hint: ObservedHint) => void {
  const state = registry.gauge(hintDefinitions.state);
  const heard = registry.counter(hintDefinitions.heard);
  const silences = registry.counter(hintDefinitions.silences);
  const rebuilds = registry.counter(hintDefinitions.rebuilds);
  const changes = registry.counter(hintDefinitions.changes);
  const delay = registry.histogram(hintDefinitions.delay);
  registry.beforeScrape(() => {
    for (const metric of [state, heard, silences, rebuilds, changes]) metric.reset();
    for (const { name: hint, ...source } of status().engine.hints) {
      for (const one of states) state.set({ hint, state: one }, source.state === one ? 1 : 0);
      heard.inc({ hint }, source.heard);
      silences.inc({ hint }, source.silences);
      if (source.rebuilds !== undefined) rebuilds.inc({ hint }, source.rebuilds);
      if (source.announced === undefined) continue;
      const { inTime, late, never, away } = source.announced;
      const counts: Readonly<Record<HintOutcome, number>> = { 'in time': inTime, late, never, away };
      for (const [outcome, count] of Object.entries(counts)) {
        changes.inc({ hint, outcome: outcomeLabels[outcome as HintOutcome] }, count);
      }
    }
  });
  return ({ hint, delayMs }) => {
    if (delayMs !== null) delay.observe({ hint }, delayMs / 1_000);
  };
}
