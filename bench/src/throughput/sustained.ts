// How many changes a second the sidecar keeps up with: writers that never rest, and how long after its commit each of their
// changes is dropped by an instance. Whether it keeps up is seen from the lag, and from how long the last ones take.
import { type Stack, until } from '@tidemark/devstack';
import { Client } from 'pg';
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

const table = 'public.followed';

const insert = { name: 'insert', text: `insert into ${table} values ($1)` };

/** Hints and journal over a direct connection, and one instance. */
function follow(stack: Stack): Promise<Deployment> {
  return Deployment.start({ stack, journal: 'direct', hint: 'direct', instances: 1, table });
}

/** The table whose changes are counted: nothing but its key, and no broadcast. */
export async function createFollowedTable(databaseUrl: string): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`create table ${table} (id text primary key)`);
  await client.query('select tidemark.track($1, $2, broadcast => false)', [table, 'id']);
  await client.end();
}

export async function measureSustained(
  stack: Stack,
  writerCounts: readonly number[],
  durationMs: number,
): Promise<Sustained[]> {
  await using deployment = await follow(stack);
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
    const last = `last-of-${writers}`;
    await connections.once({ ...insert, values: [last] });
    const lastCommittedMs = stampMs();
    await until(() => droppedMs.has(last), { what: 'the last change to be dropped' });
    const lags = [...committedMs].map(([key, atMs]) => {
      const heardMs = droppedMs.get(key) ?? wholeMs.find((whole) => whole >= atMs) ?? atMs;
      return Math.max(0, heardMs - atMs);
    });
    const drainMs = Math.max(0, (droppedMs.get(last) ?? lastCommittedMs) - lastCommittedMs);
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
  await using deployment = await follow(stack);
  await using writer = await Writers.connect({ databaseUrl: stack.databaseUrl, writers: 1 });
  const found: Bulk[] = [];
  let drop: { readonly keys: number | null; readonly atMs: number } | undefined;
  deployment.onDrop(({ keys, atMs }) => (drop = { keys: keys?.length ?? null, atMs }));
  for (const rows of sizes) {
    const text = `insert into ${table} select 'bulk-${rows}-' || i from generate_series(1, ${rows}) as i`;
    drop = undefined;
    const statementMs = await writer.once({ text });
    const committedMs = stampMs();
    await until(() => drop !== undefined, { what: `the drop of ${rows} rows`, everyMs: 1 });
    const { keys = null, atMs = committedMs } = drop ?? {};
    found.push({ rows, statementMs, lagMs: Math.max(0, atMs - committedMs), keys });
  }
  return found;
}
