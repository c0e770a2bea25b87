// The process of one contestant: opens it, runs batches when it is told to, and times each.
import type { Contestant, ContestantModule, Order, Reply } from './contestant.ts';

let contestant: Contestant | undefined;

process.on('message', (order: Order) => {
  void obey(order).then(
    (reply) => process.send?.(reply),
    (error: unknown) => {
      const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
      process.send?.({ kind: 'failed', reason } satisfies Reply);
    },
  );
});
// Nobody will say anything any more: the parent has closed the channel, or is gone.
process.on('disconnect', () => process.exit());

async function obey(order: Order): Promise<Reply> {
  switch (order.kind) {
    case 'open': {
      const module = (await import(order.module)) as ContestantModule;
      contestant = await module.open(order.name, order.setting);
      return { kind: 'opened' };
    }
    case 'run':
      if (contestant === undefined) throw new Error('a contestant must be opened before it runs');
      return run(contestant, order.count);
    case 'close':
      await contestant?.close?.();
      return { kind: 'closed' };
    default:
      return order satisfies never;
  }
}

async function run(contestant: Contestant, count: number): Promise<Reply> {
  const startedMs = performance.now();
  const before = process.threadCpuUsage();
  const running = contestant.run(count);
  const answered = typeof running === 'number' ? running : await running;
  const { user, system } = process.threadCpuUsage(before);
  const elapsedMs = performance.now() - startedMs;
  if (answered !== count) throw new Error(`${count - answered} of ${count} without an answer`);
  return { kind: 'ran', elapsedMs, processorMs: (user + system) / 1_000 };
}
