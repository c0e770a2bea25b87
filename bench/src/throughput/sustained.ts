// How many changes a second the sidecar keeps up with: writers that never rest, and how long after its commit each of their
// changes is dropped by an instance. Whether it keeps up is seen from the lag, and from how long the last ones take.
import { type Stack, until } from '@tidemark/devstack';
import { Client } from 'pg';
import { median, quantile } from '../contest/statistics.ts';
import { Deployment } from '../freshness/deployment.ts';
import { stampMs } from '../freshness/stamp.ts';
import { Writers } from './writers.ts';

/** Writers that never rest, and how many rows each of their statements inserts. */
export interface Load {
  readonly writers: number;
  readonly rows: number;
}

export interface Sustained extends Load {
  /** Changed rows. */
  readonly perSecond: number;
  /** Rounds that found something, as the instance heard them. */
  readonly recordsPerSecond: number;
  readonly lagMs: { readonly p50: number; readonly p99: number };
  /** From the last commit to the drop of one more change, which is behind all others. */
  readonly drainMs: number;
}

const table = 'public.followed';

const insert = {
  name: 'insert',
  text: `insert into ${table} select $1 || '-' || i from generate_series(1, $2::integer) as i`,
};

/** The one row of each statement whose way is followed. */
const firstRow = '-1';

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
  loads: readonly Load[],
  durationMs: number,
): Promise<Sustained[]> {
  await using deployment = await follow(stack);
  const drops = new Drops(deployment);
  const found: Sustained[] = [];
  for (const load of loads) {
    const { writers, rows } = load;
    const name = `sustained-${writers}-${rows}`;
    const committedMs = new Map<string, number>();
    await using connections = await Writers.connect({ databaseUrl: stack.databaseUrl, writers });
    drops.forget();
    const statements = await connections.write(
      durationMs,
      (writer, index) => ({ ...insert, values: [`${name}-${writer}-${index}`, rows] }),
      (writer, index) => committedMs.set(`${name}-${writer}-${index}${firstRow}`, stampMs()),
    );
    const records = drops.records;
    // Whatever was committed before this one has been dropped when this one is.
    const last = `last-of-${name}`;
    await connections.once({ ...insert, values: [last, 1] });
    const lastCommittedMs = stampMs();
    const isDropped = (): boolean => drops.atMs(last + firstRow, lastCommittedMs) !== undefined;
    await until(isDropped, { what: 'the last change to be dropped' });
    const lags = [...committedMs].map(([key, atMs]) => Math.max(0, (drops.atMs(key, atMs) ?? atMs) - atMs));
    const drainMs = (drops.atMs(last + firstRow, lastCommittedMs) ?? lastCommittedMs) - lastCommittedMs;
    found.push({
      ...load,
      perSecond: statements * rows,
      recordsPerSecond: (1_000 * records) / durationMs,
      lagMs: { p50: quantile(lags, 0.5), p99: quantile(lags, 0.99) },
      drainMs: Math.max(0, drainMs),
    });
  }
  return found;
}

/** What the instance has dropped, and when. */
class Drops {
  readonly #byKey = new Map<string, number>();
  /** Records that named the whole table: a round that is behind finds too many keys to name them. */
  #wholeMs: number[] = [];
  records = 0;

  constructor(deployment: Deployment) {
    deployment.onDrop(({ keys, atMs }) => {
      this.records += 1;
      if (keys === null) this.#wholeMs.push(atMs);
      for (const key of keys ?? []) if (key.endsWith(firstRow)) this.#byKey.set(key, atMs);
    });
  }

  forget(): void {
    this.#byKey.clear();
    this.#wholeMs = [];
    this.records = 0;
  }

  /** By name, or with the whole table at some time after its commit. */
  atMs(key: string, committedMs: number): number | undefined {
    return this.#byKey.get(key) ?? this.#wholeMs.find((atMs) => atMs >= committedMs);
  }
}

export interface Bulk {
  readonly rows: number;
  readonly statementMs: number;
  /** From its commit to the drop. */
  readonly lagMs: number;
  /** As the instance heard it. */
  readonly keys: number | null;
}

/** One statement that inserts so many rows; medians of as many as are asked for. */
export async function measureBulk(
  stack: Stack,
  sizes: readonly number[],
  repetitions: number,
): Promise<Bulk[]> {
  await using deployment = await follow(stack);
  await using writer = await Writers.connect({ databaseUrl: stack.databaseUrl, writers: 1 });
  const found: Bulk[] = [];
  let drop: { readonly keys: number | null; readonly atMs: number } | undefined;
  deployment.onDrop(({ keys, atMs }) => (drop ??= { keys: keys?.length ?? null, atMs }));
  for (const rows of sizes) {
    const statements: number[] = [];
    const lags: number[] = [];
    let named: number | null = null;
    for (let at = 0; at < repetitions; at += 1) {
      const text = `insert into ${table} select 'bulk-${rows}-${at}-' || i from generate_series(1, ${rows}) as i`;
      drop = undefined;
      statements.push(await writer.once({ text }));
      const committedMs = stampMs();
      await until(() => drop !== undefined, { what: `the drop of ${rows} rows`, everyMs: 1 });
      const { keys = null, atMs = committedMs } = drop ?? {};
      lags.push(Math.max(0, atMs - committedMs));
      named = keys;
    }
    found.push({ rows, statementMs: median(statements), lagMs: median(lags), keys: named });
  }
  return found;
}
