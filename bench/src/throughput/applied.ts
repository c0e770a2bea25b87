// How many invalidations a second rounds can push and an instance apply, by how many keys a record names: the rounds and the
// instance share a process, with a real Redis between them and no database behind them.
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { createCache, type OvertakenEvent } from '@tidemark/cache';
import { createEngine } from '@tidemark/engine';
import { regionPrefix, sleep, systemClock } from '@tidemark/protocol';
import { HandedJournal } from '../handed-journal.ts';

const table = 'public.items';

export interface Applied {
  readonly keysPerRecord: number;
  readonly recordsPerSecond: number;
  readonly keysPerSecond: number;
}

export interface AppliedScene {
  readonly redisUrl: string;
  readonly keysPerRecord: number;
  readonly durationMs: number;
}

export async function measureApplied({
  redisUrl,
  keysPerRecord,
  durationMs,
}: AppliedScene): Promise<Applied> {
  const keyPrefix = `applied-${keysPerRecord}`;
  const journal = new HandedJournal(new Map([[table, [regionPrefix(keyPrefix, 'items')]]]));
  await using engine = createEngine({ journal, roundEvery: '250ms' });
  await using cache = createCache({ redis: redisUrl, keyPrefix, isAnnounced: false });
  engine.start({ redis: redisUrl, keyPrefix });
  cache.region({ name: 'items', table, ttl: '1h', load: (key) => Promise.resolve(key) });
  await cache.ready();

  const keys = Array.from({ length: keysPerRecord }, (_, at) => `key-${at}`);
  let records = 0;
  let applied = 0;
  const hear = (message: unknown): void => {
    records += 1;
    applied += (message as OvertakenEvent).keys?.length ?? 0;
  };
  journal.produce = () => {
    // The next round follows this one at once.
    engine.ring();
    return [{ table, keys }];
  };
  subscribe('tidemark:overtaken', hear);
  const startedMs = systemClock.monotonicMs();
  engine.ring();
  await sleep(systemClock, durationMs);
  const seconds = (systemClock.monotonicMs() - startedMs) / 1_000;
  unsubscribe('tidemark:overtaken', hear);
  journal.produce = () => [];
  return { keysPerRecord, recordsPerSecond: records / seconds, keysPerSecond: applied / seconds };
}
