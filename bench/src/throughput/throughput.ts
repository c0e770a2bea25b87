// Throughput: what following a table costs its writers, how many changes a second the sidecar keeps up with and an instance
// applies, and what a bulk change costs. Owns the sizes and what is shown of them.
import { startStack } from '@tidemark/devstack';
import type { Findings, Measurement, RunOptions } from '../measurement.ts';
import { type Applied, measureApplied } from './applied.ts';
import { describeApplied, describeBulk, describeSustained } from './describe-changes.ts';
import { describeBulkCost, describeWriters } from './describe-writers.ts';
import { createFollowedTable, measureBulk, measureSustained } from './sustained.ts';
import {
  type CostScene,
  createTables,
  measureBulkCost,
  measureWriterCost,
  type WriterCost,
} from './writer-cost.ts';

const sizes = {
  full: {
    writers: [1, 4, 16],
    turns: 5,
    turnMs: 300,
    sustainedMs: 2_000,
    loads: [
      { writers: 1, rows: 1 },
      { writers: 2, rows: 1 },
      { writers: 4, rows: 1 },
      { writers: 8, rows: 1 },
      { writers: 16, rows: 1 },
      { writers: 4, rows: 10 },
      { writers: 4, rows: 100 },
      { writers: 4, rows: 1_000 },
    ],
    bulkCost: [1_000, 10_000, 100_000],
    bulk: [1, 100, 10_000, 100_000, 1_000_000],
    bulkTurns: 3,
    keys: [1, 10, 100, 1_000],
    appliedMs: 2_000,
  },
  quick: {
    writers: [1],
    turns: 1,
    turnMs: 50,
    sustainedMs: 100,
    loads: [
      { writers: 1, rows: 1 },
      { writers: 2, rows: 1 },
      { writers: 1, rows: 10 },
    ],
    bulkCost: [100],
    bulk: [1, 2_000],
    bulkTurns: 1,
    keys: [1, 100],
    appliedMs: 100,
  },
} as const;

/** Decoding a million rows for postgres_changes is the business of Realtime, not of what is measured. */
const realtime = { publication: 'nothing' } as const;

export const throughput: Measurement = {
  name: 'throughput',
  async run({ isQuick, tell }: RunOptions): Promise<Findings> {
    const size = sizes[isQuick ? 'quick' : 'full'];
    await using stack = await startStack({ realtime });
    const { databaseUrl, redisUrl } = stack;
    tell('writers');
    await createTables(databaseUrl, Math.max(...size.bulkCost, 16));
    await createFollowedTable(databaseUrl);
    const costs = await measureWriterCost({ databaseUrl, ...size });
    const bulkCosts = await measureBulkCost(databaseUrl, size.bulkCost, size.turns);
    tell('sidecar');
    const sustained = await measureSustained(stack, size.loads, size.sustainedMs);
    tell('instance');
    const applied: Applied[] = [];
    for (const keysPerRecord of size.keys) {
      applied.push(await measureApplied({ redisUrl, keysPerRecord, durationMs: size.appliedMs }));
    }
    tell('bulk');
    const bulk = await measureBulk(stack, size.bulk, size.bulkTurns);
    tell('writers of a durable server');
    const durableCosts = await measureDurable(size);
    const sections = [
      describeWriters(costs, false),
      describeWriters(durableCosts, true),
      describeBulkCost(bulkCosts),
      describeSustained(sustained),
      describeApplied(applied),
      describeBulk(bulk),
    ];
    return { sections, versions: {} };
  },
};

async function measureDurable(size: Omit<CostScene, 'databaseUrl'>): Promise<WriterCost[]> {
  await using stack = await startStack({ realtime, redis: false, postgres: { isDurable: true } });
  await createTables(stack.databaseUrl, Math.max(...size.writers));
  const costs = await measureWriterCost({ databaseUrl: stack.databaseUrl, ...size });
  return costs;
}
