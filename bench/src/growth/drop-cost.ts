// What it costs an instance to drop a key, and all keys of a table: as its entries grow, as the regions of the table grow.
// No Redis and no database: rounds over a journal in memory end in this process, so that nothing but its own work is timed.
import { createCache } from '@tidemark/cache';
import { createEngine } from '@tidemark/engine';
import { type ChangedKeys, regionPrefix, systemClock } from '@tidemark/protocol';
import { median } from '../contest/statistics.ts';
import { followDrops } from './follow-drops.ts';
import { HandedJournal } from '../handed-journal.ts';

const table = 'public.items';

/** From the bell to the drop in every region, the round over a journal in memory included. In microseconds. */
export interface DropCost {
  readonly oneKeyUs: number;
  readonly wholeTableUs: number;
}

export interface DropScene {
  /** Of each region. */
  readonly entries: number;
  readonly regions: number;
  readonly repetitions: number;
}

export async function measureDrops({ entries, regions, repetitions }: DropScene): Promise<DropCost> {
  const names = Array.from({ length: regions }, (_, at) => `items-${at}`);
  const prefixes = names.map((name) => regionPrefix('copilot', name));
  const journal = new HandedJournal(new Map([[table, prefixes]]));
  const engine = createEngine({ journal, roundEvery: '250ms' });
  await using cache = createCache({ engine });
  const keys = Array.from({ length: entries }, (_, at) => `key-${at}`);
  const made = names.map((name) =>
    cache.region<string>({
      name,
      table,
      ttl: '1h',
      maxEntries: entries,
      load: (key) => Promise.resolve(key),
      loadMany: (some) => Promise.resolve(new Map(some.map((key) => [key, key]))),
    }),
  );
  await cache.ready();
  for (const region of made) {
    for (let at = 0; at < entries; at += 1_000) await region.getMany(keys.slice(at, at + 1_000));
  }
  const time = async (change: ChangedKeys): Promise<number> => {
    const startedMs = systemClock.monotonicMs();
    const drops = await followDrops(regions, () => {
      journal.hand({ table, keys: change });
      engine.ring();
    });
    return 1_000 * ((drops.at(-1) ?? startedMs) - startedMs);
  };
  const oneKey: number[] = [];
  for (let at = 0; at < repetitions; at += 1) oneKey.push(await time([keys[at % entries] ?? '']));
  const wholeTable: number[] = [];
  for (let at = 0; at < repetitions; at += 1) wholeTable.push(await time(null));
  return { oneKeyUs: median(oneKey), wholeTableUs: median(wholeTable) };
}
