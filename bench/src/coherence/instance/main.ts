// One instance in a process of its own: opens its library, and reads and writes when it is told to.
import { setTimeout as sleep } from 'node:timers/promises';
import { stampMs } from '../../freshness/stamp.ts';
import type { CachedRows, Row, RowsModule } from '../cached-rows.ts';
import type { InstanceOrder, Order, Reply, Readings } from '../messages.ts';
import { Source } from '../source.ts';

const { module, databaseUrl, ...urls } = JSON.parse(process.argv[2] ?? '') as InstanceOrder;
const pauseMs = 10;
/** A read that waits for a lost Redis is not stale; the next one may have an answer. */
const answerWithinMs = 1_000;

const source = await Source.open(databaseUrl);
const reads = new Map<string, Promise<Row>>();

async function obey(rows: CachedRows, order: Order): Promise<Reply> {
  const { key } = order;
  switch (order.kind) {
    case 'write': {
      let committedMs = 0;
      await rows.write(key, async () => {
        await source.write(key, order.version);
        committedMs = stampMs();
      });
      return { kind: 'written', committedMs };
    }
    case 'read':
      return { kind: 'read', version: (await rows.read(key)).version };
    case 'begin': {
      const isRead = source.hold(key);
      reads.set(key, rows.read(key));
      await isRead;
      return { kind: 'begun' };
    }
    case 'end': {
      source.release(key);
      const row = await reads.get(key);
      return { kind: 'read', version: row?.version ?? Number.NaN };
    }
    case 'keep-reading':
      return { kind: 'kept-reading', ...(await keepReading(rows, order)) };
    default:
      return order satisfies never;
  }
}

async function keepReading(
  rows: CachedRows,
  order: Order & { readonly kind: 'keep-reading' },
): Promise<Readings> {
  const readings = { fresh: 0, stale: 0, failed: 0, lastStaleMs: null as number | null };
  const untilMs = stampMs() + order.durationMs;
  while (stampMs() < untilMs) {
    const startedMs = stampMs();
    const row = await Promise.race([rows.read(order.key), sleep(answerWithinMs, undefined)]).catch(
      () => undefined,
    );
    if (row === undefined) readings.failed += 1;
    else if (row.version >= order.version) readings.fresh += 1;
    else {
      readings.stale += 1;
      readings.lastStaleMs = startedMs;
    }
    await sleep(pauseMs);
  }
  return readings;
}

const tell = (reply: Reply): void => void process.send?.(reply);
const tellFailure = (error: unknown): void => {
  tell({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
};
// Nobody will say anything any more: the parent has closed the channel, or is gone.
process.on('disconnect', () => process.exit());
try {
  const adapter = (await import(module)) as RowsModule;
  const rows = await adapter.open({ ...urls, load: (key) => source.load(key) });
  process.on('message', (order: Order) => void obey(rows, order).then(tell, tellFailure));
  tell({ kind: 'opened' });
} catch (error) {
  tellFailure(error);
}
