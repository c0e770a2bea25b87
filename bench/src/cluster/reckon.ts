// What a large deployment asks of Redis, reckoned from the cost of each step: pure arithmetic, for docs/scale.md.
import type { UnitCost } from './unit-costs.ts';

export interface Deployment {
  readonly instances: number;
  readonly namespaces: number;
  readonly boundMs: number;
  readonly roundEveryMs: number;
  /** Changed keys in a second, of all namespaces together; each is a write of an app, with a hint. */
  readonly changesPerSecond: number;
}

export interface Demand {
  readonly what: string;
  readonly perSecond: number;
  /** Of Redis, all servers together. */
  readonly cores: number;
  readonly megabytesPerSecond: number;
}

/** An instance reads the head so many times within a bound. */
const headReadsPerBound = 8;

const announceEverySeconds = 2;

/** The worst case: every instance uses every changed key, and reads it again at once. */
export function reckon(units: readonly UnitCost[], deployment: Deployment): readonly Demand[] {
  const { instances, namespaces, boundMs, roundEveryMs, changesPerSecond: changes } = deployment;
  const steps: readonly (readonly [what: string, step: string, perSecond: number])[] = [
    ['head readings', 'head reading', instances * namespaces * headReadsPerBound * (1_000 / boundMs)],
    ['records heard', 'to each subscriber', instances * changes],
    ['hints heard', 'to each subscriber', instances * changes],
    ['L2 reads after a change', 'L2 read', instances * changes],
    ['fills', 'fill', changes],
    ['hints sent', 'hint of a write', changes],
    ['announcements', 'announcement', instances / announceEverySeconds],
    ['rounds with a change', 'round of 1 key', changes],
    ['rounds without one', 'round without', namespaces * (1_000 / roundEveryMs)],
  ];
  return steps.map(([what, step, perSecond]) => {
    const unit = units.find((one) => one.step.includes(step));
    const { cpuMicros = 0, bytesIn = 0, bytesOut = 0 } = unit ?? {};
    return {
      what,
      perSecond,
      cores: (perSecond * cpuMicros) / 1e6,
      megabytesPerSecond: (perSecond * (bytesIn + bytesOut)) / 1e6,
    };
  });
}
