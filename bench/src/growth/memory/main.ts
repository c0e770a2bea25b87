// Bytes of the heap that an entry takes, in a process of its own: of lru-cache, or of a region. Its parent says which and how
// many, and gave it --expose-gc.
import { createCache } from '@tidemark/cache';
import { LRUCache } from 'lru-cache';

const [holder = '', count = ''] = process.argv.slice(2);
const entries = Number(count);
const keys = Array.from({ length: entries }, (_, at) => `tenant-${at}`);
// One value for all: what the value itself takes is the caller's.
const value = Object.freeze({ defaultModel: 'small' });

function heapBytes(): number {
  for (let round = 0; round < 4; round += 1) globalThis.gc?.();
  return process.memoryUsage().heapUsed + process.memoryUsage().external;
}

/** @returns how to close it, and how many entries it holds */
async function fill(): Promise<{ readonly held: number; close(): Promise<void> }> {
  if (holder === 'lru-cache') {
    const lru = new LRUCache<string, object>({ max: entries, ttl: 3_600_000 });
    for (const key of keys) lru.set(key, value);
    return { held: lru.size, close: async () => lru.clear() };
  }
  const cache = createCache();
  const region = cache.region<object>({
    name: 'memory',
    ttl: '1h',
    maxStaleness: '1h',
    maxEntries: entries,
    load: () => Promise.resolve(value),
    loadMany: (some) => Promise.resolve(new Map(some.map((key) => [key, value]))),
  });
  for (let at = 0; at < entries; at += 1_000) await region.getMany(keys.slice(at, at + 1_000));
  return { held: region.status().entries, close: () => cache.close() };
}

const before = heapBytes();
const filled = await fill();
const after = heapBytes();
if (filled.held !== entries) throw new Error(`${filled.held} entries are held, not ${entries}`);
process.send?.((after - before) / entries);
await filled.close();
process.disconnect();
