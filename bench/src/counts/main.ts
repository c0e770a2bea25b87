// A process by itself that says how many bytes a hit takes from the heap: the young generation is so large that nothing
// is collected while it counts. The least of several counts, because the first ones still compile: on a busy machine, many.
import { open } from '../peers/tidemark.ts';

const hits = 1_000_000;
const attempts = 60;
/** Less is what the counting itself takes. */
const nothing = 0.5;

const contestant = await open('peek', { keys: 1_000, l1Entries: 2_000, prefix: 'allocation' });
const counts: number[] = [];
for (let attempt = 0; attempt < attempts; attempt += 1) {
  // Rounds go on between the counts: the lease must not end.
  await new Promise((resolve) => setTimeout(resolve, 20));
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  await contestant.run(hits);
  counts.push((process.memoryUsage().heapUsed - before) / hits);
  if (Math.min(...counts) < nothing) break;
}
await contestant.close?.();
console.log(JSON.stringify({ bytesPerHit: Math.min(...counts) }));
