// What the checker found: L2 values that were compared with the source.
import type { CheckerStatus } from '../checker/checker-counts.ts';
import type { SidecarStatus } from '../sidecar.ts';
import type { MetricRegistry } from './metric-registry.ts';

export const checkerDefinitions = {
  sampled: {
    type: 'counter',
    name: 'tidemark_checker_sampled_total',
    help: 'L2 keys that the checker looked at. Absent while it is off.',
    labels: [],
  },
  agreed: {
    type: 'counter',
    name: 'tidemark_checker_agreed_total',
    help: 'Of those, values that tell the same as their row.',
    labels: [],
  },
  mismatched: {
    type: 'counter',
    name: 'tidemark_checker_mismatched_once_total',
    help: 'Of those, values that differed at the first look; most of them because a change was on its way.',
    labels: [],
  },
  inFlight: {
    type: 'counter',
    name: 'tidemark_checker_in_flight_total',
    help: 'Of those that differed, values that were overtaken or mended when they were looked at again.',
    labels: [],
  },
  stale: {
    type: 'counter',
    name: 'tidemark_checker_stale_beyond_bound_total',
    help: 'Of those, values that differed beyond the bound, although a round was done in between. Must stay 0.',
    labels: [],
  },
  skipped: {
    type: 'counter',
    name: 'tidemark_checker_skipped_total',
    help: 'Looks without a result, by reason: refused (no instance would be served it), incomparable (it has no field of its row), several tables, source (the row could not be read), busy, unproved (no round was done in between).',
    labels: ['reason'],
  },
} as const;

export function showChecker(registry: MetricRegistry, status: () => SidecarStatus): void {
  const sampled = registry.counter(checkerDefinitions.sampled);
  const agreed = registry.counter(checkerDefinitions.agreed);
  const mismatched = registry.counter(checkerDefinitions.mismatched);
  const inFlight = registry.counter(checkerDefinitions.inFlight);
  const stale = registry.counter(checkerDefinitions.stale);
  const skipped = registry.counter(checkerDefinitions.skipped);
  registry.beforeScrape(() => {
    for (const metric of [sampled, agreed, mismatched, inFlight, stale]) metric.remove();
    skipped.reset();
    const checker: CheckerStatus | undefined = status().checker;
    if (checker === undefined) return;
    sampled.inc(checker.sampled);
    agreed.inc(checker.agreed);
    mismatched.inc(checker.mismatchedOnce);
    inFlight.inc(checker.inFlight);
    stale.inc(checker.staleBeyondBound);
    for (const [reason, count] of Object.entries(checker.skipped)) {
      skipped.inc({ reason: reason.replaceAll(' ', '_') }, count);
    }
  });
}
