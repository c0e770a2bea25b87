// Whether a cache does what it promises, from what it says of itself. A pure decision.
import type { CacheStatus, RegionStatus } from '@tidemark/cache';
import type { PartAnswer } from './part-health.ts';

/**
 * Without a lease a cache still serves, for the bound from each load: correct, and as slow as its source. So it is
 * reported as unhealthy, and no request is to be refused because of it.
 */
export function judgeCache(status: CacheStatus): PartAnswer {
  const backend = status.redis === 'connected' ? `${status.mode}, L1 and L2` : `${status.mode}, L1`;
  if (status.redis === 'unreachable') {
    return { healthy: false, backend, reason: 'Redis can not be reached: entries live for the bound' };
  }
  // A region without a table never has a lease, and needs none.
  const uncovered = status.regions.filter(({ tables, lease }) => tables.length > 0 && lease === 'none');
  if (uncovered.length > 0) {
    return { healthy: false, backend, reason: `no lease: ${uncovered.map(describe).join('; ')}` };
  }
  const agesMs = status.namespaces.map(({ tidemarkAgeMs }) => tidemarkAgeMs).filter((age) => age !== null);
  const reason =
    agesMs.length === 0 ? 'nothing follows a table' : `tidemark ${Math.round(Math.max(...agesMs))} ms old`;
  return { healthy: true, backend, reason };
}

function describe({ name, problem }: RegionStatus): string {
  return problem === undefined ? `${name} waits for a round` : `${name} (${problem})`;
}
