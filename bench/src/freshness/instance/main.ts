// An instance in a process of its own, which tells when it has dropped a key.
import { subscribe } from 'node:diagnostics_channel';
import { createCache, type OvertakenEvent } from '@tidemark/cache';
import { systemClock } from '@tidemark/protocol';
import type { DropMessage, InstanceOrder } from '../messages.ts';
import { stampMs } from '../stamp.ts';

const { redisUrl, table } = JSON.parse(process.argv[2] ?? '') as InstanceOrder;

/** Telling takes a core from the instances that have not heard of it yet. */
const toldAfterMs = 5;

const cache = createCache({ redis: redisUrl });
// Nothing is read: what is dropped is told whether it was held or not.
cache.region({ name: 'followed', table, ttl: '1h', load: (key) => Promise.resolve(key) });

subscribe('tidemark:overtaken', (message) => {
  const atMs = stampMs();
  const { keys, cause } = message as OvertakenEvent;
  if (cause !== 'record') return;
  systemClock.schedule(toldAfterMs, () => process.send?.({ atMs, keys } satisfies DropMessage));
});
process.once('disconnect', () => process.exit());

await cache.ready();
process.send?.({ atMs: stampMs(), keys: [] } satisfies DropMessage);
