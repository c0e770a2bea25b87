// The status of a cache as it is announced: a pure function. Owns which figures are added up, and the sentences.
import type { Announcement } from '@tidemark/protocol';
import type { CacheStatus } from '../cache-status.ts';

/** Of this package, as its package.json has it. */
const libraryVersion = '0.1.0';

export interface Announced {
  readonly name: string;
  readonly upMs: number;
  readonly everyMs: number;
}

export function announcementOf(status: CacheStatus, { name, upMs, everyMs }: Announced): Announcement {
  const { instanceId, mode, redisErrors, namespaces, regions } = status;
  const covered = regions.filter(({ tables }) => tables.length > 0);
  return {
    instanceId,
    name,
    version: libraryVersion,
    mode,
    upMs,
    everyMs,
    namespaces: namespaces.map(({ namespace, position, tidemarkAgeMs, boundMs }) => ({
      namespace,
      position,
      tidemarkAgeMs,
      boundMs,
    })),
    l1: {
      entries: sum(regions.map(({ entries }) => entries)),
      hits: sum(regions.map(({ hits }) => hits)),
      l2Hits: sum(regions.map(({ l2Hits }) => l2Hits)),
      loads: sum(regions.map(({ loads }) => loads)),
    },
    leases: { live: covered.filter(({ lease }) => lease === 'live').length, regions: covered.length },
    redisErrors,
    problems: problemsOf(status),
  };
}

function problemsOf({ namespaces, regions }: CacheStatus): string[] {
  const problems = regions.flatMap(({ name, tables, problem }) =>
    problem === undefined || tables.length === 0 ? [] : [`the region ${name} gets no lease: ${problem}`],
  );
  for (const { namespace, refused } of namespaces) {
    const count = refused.heads + refused.records + refused.hints;
    if (count === 0) continue;
    problems.push(
      `${count} heads, records or hints of the namespace ${namespace} could not be read: a stranger writes where Tidemark does`,
    );
  }
  return problems;
}

function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}
