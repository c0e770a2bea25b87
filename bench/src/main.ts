// What an L1 hit costs, beside the floor: lru-cache alone, and lru-cache with a clock read on every hit, which is what
// the promise of a bound asks for. Ratios of one run on one machine; misses, L2 and the network are not measured here.
import { createCache } from '@tidemark/cache';
import { LRUCache } from 'lru-cache';
import { bench, do_not_optimize, run, summary } from 'mitata';

const keys = Array.from({ length: 1_000 }, (_, index) => `tenant-${index}`);
const policy = Object.freeze({ defaultModel: 'small' });

const plain = new LRUCache<string, object>({ max: 10_000 });
const timed = new LRUCache<string, object>({ max: 10_000, ttl: 300_000, ttlResolution: 0 });
await using cache = createCache();
// Without rounds an entry is served for its bound: an hour outlives the run, and a hit costs the same as under a lease.
const region = cache.region({
  name: 'bench',
  ttl: '1h',
  maxStaleness: '1h',
  load: () => Promise.resolve(policy),
});
for (const key of keys) {
  plain.set(key, policy);
  timed.set(key, policy);
  await region.get(key);
}

let next = 0;
function key(): string {
  next = (next + 1) % keys.length;
  return keys[next] ?? '';
}

summary(() => {
  bench('lru-cache get', () => do_not_optimize(plain.get(key())));
  bench('lru-cache get, clock read on every hit', () => do_not_optimize(timed.get(key())));
  bench('region.peek', () => do_not_optimize(region.peek(key())));
  bench('await region.get', async () => do_not_optimize(await region.get(key())));
});
await run();
