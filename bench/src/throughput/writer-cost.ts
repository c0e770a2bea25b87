// What following a table costs those who write it: the same statement on tables that differ in nothing but their triggers,
// in short turns, so that whatever else the machine does falls upon all of them.
import { type Stack, until } from '@tidemark/devstack';
import { directHints } from '@tidemark/engine';
import { silentLogger } from '@tidemark/protocol';
import { Client } from 'pg';
import { median } from '../contest/statistics.ts';
import { Writers } from './writers.ts';

/** How a table is followed. */
export const followings = ['not at all', 'journal', 'journal, direct hints', 'journal, broadcast'] as const;
export type Following = (typeof followings)[number];

const tables: Readonly<Record<Following, string>> = {
  'not at all': 'public.cost_plain',
  journal: 'public.cost_journal',
  'journal, direct hints': 'public.cost_direct',
  'journal, broadcast': 'public.cost_broadcast',
};

export interface WriterCost {
  readonly following: Following;
  readonly writers: number;
  /** Statements of one row, committed in a second. */
  readonly perSecond: number;
}

export interface CostScene {
  readonly stack: Stack;
  readonly writers: readonly number[];
  readonly turns: number;
  readonly turnMs: number;
}

export async function measureWriterCost({ stack, writers, turns, turnMs }: CostScene): Promise<WriterCost[]> {
  const costs: WriterCost[] = [];
  for (const count of writers) {
    await using connections = await Writers.connect({ databaseUrl: stack.databaseUrl, writers: count });
    const rates = new Map<Following, number[]>(followings.map((following) => [following, []]));
    for (let turn = 0; turn < turns; turn += 1) {
      for (const following of followings) {
        await using _hints = following === 'journal, direct hints' ? await streamHints(stack) : undefined;
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

/** Somebody has to listen, or decoding would cost nothing. */
async function streamHints({ databaseUrl }: Stack): Promise<AsyncDisposable> {
  const hints = directHints({ connectionString: databaseUrl, logger: silentLogger });
  hints.start({ ring: () => {}, watchPrefix: () => {} });
  await until(() => hints.status()[0]?.state === 'listening', { what: 'the direct hints to be heard' });
  return { [Symbol.asyncDispose]: () => hints.close() };
}

/** @param rows of each table; a bulk statement needs more than single writers do */
export async function createTables(databaseUrl: string, rows: number): Promise<void> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  for (const [following, table] of Object.entries(tables)) {
    await client.query(`create table ${table} (id integer primary key, value integer not null)`);
    await client.query(`insert into ${table} select i, 0 from generate_series(0, ${rows - 1}) as i`);
    if (following === 'not at all') continue;
    await client.query('select tidemark.track($1, $2, broadcast => $3)', [
      table,
      'id',
      following === 'journal, broadcast',
    ]);
  }
  await client.query('vacuum analyze');
  await client.end();
}

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
