// What a record costs as instances grow: instances of one process, each with its own connections to a real Redis, that all
// hear the same records.
import { createCache } from '@tidemark/cache';
import { createEngine } from '@tidemark/engine';
import { regionPrefix, sleep, systemClock } from '@tidemark/protocol';
import { median } from '../contest/statistics.ts';
import { followDrops } from './follow-drops.ts';
import { HandedJournal } from '../handed-journal.ts';

const table = 'public.items';

export interface ListenerScene {
  readonly redisUrl: string;
  readonly instances: number;
  readonly repetitions: number;
}

/** From the bell to the drop in the first instance, and in the last. In milliseconds. */
export interface ListenerCost {
  readonly firstMs: number;
  readonly lastMs: number;
}

export async function measureListeners(scene: ListenerScene): Promise<ListenerCost> {
  const { redisUrl, instances, repetitions } = scene;
  const keyPrefix = `growth-${instances}`;
  const journal = new HandedJournal(new Map([[table, [regionPrefix(keyPrefix, 'items')]]]));
  await using engine = createEngine({ journal, roundEvery: '250ms' });
  await using caches = new AsyncDisposableStack();
  engine.start({ redis: redisUrl, keyPrefix });
  for (let at = 0; at < instances; at += 1) {
    const cache = caches.use(createCache({ redis: redisUrl, keyPrefix, isAnnounced: false }));
    cache.region({ name: 'items', table, ttl: '1h', load: (key) => Promise.resolve(key) });
    await cache.ready();
  }
  const first: number[] = [];
  const last: number[] = [];
  for (let at = 0; at < repetitions; at += 1) {
    await sleep(systemClock, 5);
    const startedMs = systemClock.monotonicMs();
    const drops = await followDrops(instances, () => {
      journal.hand({ table, keys: [`key-${at}`] });
      engine.ring();
    });
    first.push((drops[0] ?? startedMs) - startedMs);
    last.push((drops.at(-1) ?? startedMs) - startedMs);
  }
  return { firstMs: median(first), lastMs: median(last) };
}
