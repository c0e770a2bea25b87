// What following a table costs those who write it: the same statement on tables that differ in nothing but their triggers,
// in short turns, so that whatever else the machine does falls upon all of them.
import { until } from '@tidemark/devstack';
import { directHints } from '@tidemark/engine';
import { silentLogger } from '@tidemark/protocol';
import { Client } from 'pg';
import { median } from '../contest/statistics.ts';
import { Writers } from './writers.ts';

/** How a table is followed. NOTIFY is none of Tidemark's ways: it is measured because it would be the obvious one. */
export const followings = [
  'not at all',
  'journal',
  'journal, direct hints',
  'journal, broadcast',
  'journal, NOTIFY',
] as const;
export type Following = (typeof followings)[number];

const tables: Readonly<Record<Following, string>> = {
  'not at all': 'public.cost_plain',
  journal: 'public.cost_journal',
  'journal, direct hints': 'public.cost_direct',
  'journal, broadcast': 'public.cost_broadcast',
  'journal, NOTIFY': 'public.cost_notify',
};

const channel = 'bench_changed';

export interface WriterCost {
  readonly following: Following;
  readonly writers: number;
  /** Statements of one row, committed in a second. */
  readonly perSecond: number;
}

export interface CostScene {
  readonly databaseUrl: string;
  readonly writers: readonly number[];
  readonly turns: number;
  readonly turnMs: number;
}

export async function measureWriterCost(scene: CostScene): Promise<WriterCost[]> {
  const { databaseUrl, writers, turns, turnMs } = scene;
  const costs: WriterCost[] = [];
  for (const count of writers) {
    await using connections = await Writers.connect({ databaseUrl, writers: count });
    const rates = new Map<Following, number[]>(followings.map((following) => [following, []]));
    for (let turn = 0; turn < turns; turn += 1) {
      for (const following of followings) {
        await using _hearer = await hear(following, databaseUrl);
        const text = `update ${tables[following]} set value = value + 1 where id = $1`;
        const rate = await connections.write(turnMs, (writer) => ({
          name: following,
          text,
          values: [writer],
        }));
        rates.get(following)?.push(rate);
      }
    }
    for (const [following, perSecond] of rates) {
      costs.push({ following, writers: count, perSecond: median(perSecond) });
    }
  }
  return costs;
}

/** Somebody has to listen, or decoding and notifying would cost nothing. */
async function hear(following: Following, databaseUrl: string): Promise<AsyncDisposable | undefined> {
  if (following === 'journal, direct hints') return streamHints(databaseUrl);
  if (following !== 'journal, NOTIFY') return undefined;
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(`listen ${channel}`);
  return { [Symbol.asyncDispose]: () => client.end() };
}

async function streamHints(databaseUrl: string): Promise<AsyncDisposable> {
  const hints = directHints({ connectionString: databaseUrl, logger: silentLogger });
  hints.start({ ring: () => {}, watchPrefix: () => {} });
  await until(() => hints.status()[0]?.state === 'listening', { what: 'the direct hints to be heard' });
  return { [Symbol.asyncDispose]: () => hints.close() };
}

/** @param rows of each table; a bulk statement needs more than single writers do */
export async function createTables(databaseUrl: string, rows: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    for (const [following, table] of Object.entries(tables)) {
      await client.query(`create table ${table} (id integer primary key, value integer not null)`);
      await client.query(`insert into ${table} select i, 0 from generate_series(0, ${rows - 1}) as i`);
      if (following === 'not at all') continue;
      const isBroadcast = following === 'journal, broadcast';
      await client.query('select tidemark.track($1, $2, broadcast => $3)', [table, 'id', isBroadcast]);
    }
    await client.query(notifyTrigger);
    await client.query('vacuum analyze');
  } finally {
    await client.end();
  }
}

const notifyTrigger = `
  create function public.bench_notify() returns trigger language plpgsql as $$ begin
    perform pg_notify('${channel}', tg_table_name);
    return null;
  end $$;
  create trigger bench_notify after insert or update or delete on ${tables['journal, NOTIFY']}
    for each statement execute function public.bench_notify()`;

export interface BulkCost {
  readonly rows: number;
  readonly plainMs: number;
  readonly journaledMs: number;
}

/** One statement that changes many rows, with and without the journal. */
export async function measureBulkCost(
  databaseUrl: string,
  sizes: readonly number[],
  turns: number,
): Promise<BulkCost[]> {
  await using writer = await Writers.connect({ databaseUrl, writers: 1 });
  const costs: BulkCost[] = [];
  for (const rows of sizes) {
    const times: Record<'not at all' | 'journal', number[]> = { 'not at all': [], journal: [] };
    for (let turn = 0; turn < turns; turn += 1) {
      for (const following of ['not at all', 'journal'] as const) {
        const text = `update ${tables[following]} set value = value + 1 where id < ${rows}`;
        times[following].push(await writer.once({ text }));
      }
    }
    costs.push({ rows, plainMs: median(times['not at all']), journaledMs: median(times.journal) });
  }
  return costs;
}
