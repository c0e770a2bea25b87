// How many changes a second the sidecar keeps up with: writers that never rest, and how long after its commit each of their
// changes is dropped by an instance. Whether it keeps up is seen from the lag, and from how long the last ones take.
import type { Stack } from '@tidemark/devstack';
import { until } from '@tidemark/devstack';
import { quantile } from '../contest/statistics.ts';
import { Deployment } from '../freshness/deployment.ts';
import { stampMs } from '../freshness/stamp.ts';
import { Writers } from './writers.ts';

export interface Sustained {
  readonly writers: number;
  readonly perSecond: number;
  readonly lagMs: { readonly p50: number; readonly p99: number };
  /** From the last commit to the drop of one more change, which is behind all others. */
  readonly drainMs: number;
}

const insert = {
  name: 'insert',
  text: `insert into copilot_internal.tenant_llm_policies (tenant_id, default_provider, default_model)
    values ($1, 'openai', 'small')`,
};

export async function measureSustained(
  stack: Stack,
  writerCounts: readonly number[],
  durationMs: number,
): Promise<Sustained[]> {
  await using deployment = await Deployment.start({ stack, journal: 'direct', hint: 'direct', instances: 1 });
  const committedMs = new Map<string, number>();
  const droppedMs = new Map<string, number>();
  /** Records that named the whole table: a round that was held up finds too many keys to name them. */
  const wholeMs: number[] = [];
  deployment.onDrop(({ keys, atMs }) => {
    if (keys === null) wholeMs.push(atMs);
    for (const key of keys ?? []) droppedMs.set(key, atMs);
  });
  const found: Sustained[] = [];
  for (const writers of writerCounts) {
    committedMs.clear();
    droppedMs.clear();
    wholeMs.length = 0;
    const keyOf = (writer: number, index: number): string => `sustained-${writers}-${writer}-${index}`;
    await using connections = await Writers.connect({ databaseUrl: stack.databaseUrl, writers });
    const perSecond = await connections.write(
      durationMs,
      (writer, index) => ({ ...insert, values: [keyOf(writer, index)] }),
      (writer, index) => committedMs.set(keyOf(writer, index), stampMs()),
    );
    // Whatever was committed before this one has been dropped when this one is.
    const last = keyOf(writers, 0);
    const lastCommittedMs = stampMs();
    await connections.write(1, (writer) => ({ ...insert, values: [`${last}-${writer}`] }));
    await until(() => droppedMs.has(`${last}-0`), { what: 'the last change to be dropped' });
    const lags = [...committedMs].map(([key, atMs]) => {
      const heardMs = droppedMs.get(key) ?? wholeMs.find((whole) => whole >= atMs) ?? atMs;
      return Math.max(0, heardMs - atMs);
    });
    const drainMs = Math.max(0, (droppedMs.get(`${last}-0`) ?? lastCommittedMs) - lastCommittedMs);
    found.push({
      writers,
      perSecond,
      lagMs: { p50: quantile(lags, 0.5), p99: quantile(lags, 0.99) },
      drainMs,
    });
  }
  return found;
}

export interface Bulk {
  readonly rows: number;
  readonly statementMs: number;
  /** From its commit to the drop. */
  readonly lagMs: number;
  /** As the instance heard it. */
  readonly keys: number | null;
}

/** One statement that inserts so many rows. */
export async function measureBulk(stack: Stack, sizes: readonly number[]): Promise<Bulk[]> {
  await using deployment = await Deployment.start({ stack, journal: 'direct', hint: 'direct', instances: 1 });
  await using writer = await Writers.connect({ databaseUrl: stack.databaseUrl, writers: 1 });
  const found: Bulk[] = [];
  let drop: { readonly keys: number | null; readonly atMs: number } | undefined;
  deployment.onDrop(({ keys, atMs }) => (drop = { keys: keys?.length ?? null, atMs }));
  for (const rows of sizes) {
    const text = `insert into copilot_internal.tenant_llm_policies (tenant_id, default_provider, default_model)
      select 'bulk-${rows}-' || i, 'openai', 'small' from generate_series(1, ${rows}) as i`;
    drop = undefined;
    const startedMs = stampMs();
    await writer.write(1, () => ({ text }));
    const committedMs = stampMs();
    await until(() => drop !== undefined, { what: `the drop of ${rows} rows`, everyMs: 1 });
    const { keys = null, atMs = committedMs } = drop ?? {};
    found.push({ rows, statementMs: committedMs - startedMs, lagMs: Math.max(0, atMs - committedMs), keys });
  }
  return found;
}
