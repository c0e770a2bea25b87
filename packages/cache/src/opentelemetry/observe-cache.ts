// A cache's figures as OpenTelemetry metrics: `@tidemark/cache/opentelemetry`. They are read from `cache.status()` when the
// SDK collects, so that no read pays for them. Of the API only types are used: nothing is loaded, no global is touched.
import type { BatchObservableResult, Meter } from '@opentelemetry/api';
import type { Cache } from '../cache.ts';

type Instruments = ReturnType<typeof makeInstruments>;

/**
 * Reports the figures of a cache through a meter, each time it is collected. Labels are regions, namespaces and a few
 * words; never a key. Counts go up from the start of the cache.
 *
 * @param cache its regions are asked for at each collection: one that is made later is reported, too
 * @param meter of the SDK that the application has set up, e.g. `metrics.getMeter('app')`
 * @returns ends the reporting; idempotent. To be called when the cache is closed
 */
export function observeCache(cache: Pick<Cache, 'status'>, meter: Meter): () => void {
  const instruments = makeInstruments(meter);
  const all = Object.values(instruments);
  const report = (result: BatchObservableResult): void => reportStatus(cache, instruments, result);
  meter.addBatchObservableCallback(report, all);
  return () => meter.removeBatchObservableCallback(report, all);
}

function makeInstruments(meter: Meter) {
  return {
    reads: meter.createObservableCounter('tidemark.cache.reads', {
      description:
        'Reads that l1 or l2 served, and calls of the loader (source), each for as many keys as missed together.',
    }),
    fills: meter.createObservableCounter('tidemark.cache.fills', {
      description:
        'Loaded values, by what became of them in L2: stored, fenced (overtaken meanwhile) or unshared (too large, not JSON).',
    }),
    refused: meter.createObservableCounter('tidemark.cache.l2.refused', {
      description:
        'Values found in L2 that must not be served: corrupt, foreign, overtaken, not of the schema.',
    }),
    invalidations: meter.createObservableCounter('tidemark.cache.invalidations', {
      description: 'Times that entries of a region were dropped, by cause: record, hint, write or reset.',
    }),
    entries: meter.createObservableGauge('tidemark.cache.entries', { description: 'Entries in L1.' }),
    lease: meter.createObservableGauge('tidemark.cache.lease', {
      description: '1 while the region has its lease, 0 while its entries live for the bound only.',
    }),
    tidemarkAge: meter.createObservableGauge('tidemark.cache.tidemark.age', {
      unit: 's',
      description: 'How long ago every committed change was known here; absent while nothing is.',
    }),
    resets: meter.createObservableCounter('tidemark.cache.resets', {
      description: 'Times that everything was dropped, because what happened could not be known.',
    }),
    replays: meter.createObservableCounter('tidemark.cache.replays', {
      description: 'Gaps that were filled from the log.',
    }),
    redisErrors: meter.createObservableCounter('tidemark.cache.redis.errors', {
      description: 'Redis commands that failed or timed out. A read never fails for it.',
    }),
    redisConnected: meter.createObservableGauge('tidemark.cache.redis.connected', {
      description: '1 while Redis is connected; absent where none is used.',
    }),
  };
}

function reportStatus(cache: Pick<Cache, 'status'>, to: Instruments, result: BatchObservableResult): void {
  const { regions, namespaces, redis, redisErrors } = cache.status();
  for (const { name: region, tables, ...counts } of regions) {
    const bySource = { l1: counts.hits, l2: counts.l2Hits, source: counts.loads };
    for (const [from, count] of Object.entries(bySource)) result.observe(to.reads, count, { region, from });
    const byOutcome = { stored: counts.l2Fills, fenced: counts.l2Fenced, unshared: counts.l2Unshared };
    for (const [outcome, count] of Object.entries(byOutcome))
      result.observe(to.fills, count, { region, outcome });
    result.observe(to.refused, counts.l2Refused, { region });
    for (const [cause, count] of Object.entries(counts.overtaken)) {
      result.observe(to.invalidations, count, { region, cause });
    }
    result.observe(to.entries, counts.entries, { region });
    // Without a table there is no lease to be had, and none is missed.
    if (tables.length > 0) result.observe(to.lease, counts.lease === 'live' ? 1 : 0, { region });
  }
  for (const { namespace, tidemarkAgeMs, resets, replays } of namespaces) {
    if (tidemarkAgeMs !== null) result.observe(to.tidemarkAge, tidemarkAgeMs / 1_000, { namespace });
    result.observe(to.resets, resets, { namespace });
    result.observe(to.replays, replays, { namespace });
  }
  result.observe(to.redisErrors, redisErrors);
  if (redis !== 'not used') result.observe(to.redisConnected, redis === 'connected' ? 1 : 0);
}
