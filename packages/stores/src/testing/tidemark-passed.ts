// Waiting for the rounds: an L2 fill that began before the round of a write is unlinked by that round.
import type { Cache } from '@tidemark/cache';
import { until } from '@tidemark/devstack';

/** Resolves when the cache knows of everything that was committed before this call. */
export async function tidemarkPassed(cache: Cache): Promise<void> {
  const calledMs = performance.now();
  await until(
    () => {
      const ageMs = cache.status().namespaces[0]?.tidemarkAgeMs ?? Number.POSITIVE_INFINITY;
      return performance.now() - ageMs > calledMs;
    },
    { what: 'the tidemark to pass' },
  );
}
