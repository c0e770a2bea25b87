// A subscriber in a process of its own, as bare as can be: it tells when it heard each number.
import { systemClock } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { stampMs } from '../../freshness/stamp.ts';

/** Telling takes a core from the subscribers that have not heard yet. */
const toldAfterMs = 5;

const subscriber = new Redis(process.argv[2] ?? '', { enableReadyCheck: false });
subscriber.on('message', (_channel, text) => {
  const atMs = stampMs();
  systemClock.schedule(toldAfterMs, () => process.send?.({ index: Number(text), atMs }));
});
process.once('disconnect', () => process.exit());
await subscriber.subscribe('bare_part');
process.send?.('ready');
