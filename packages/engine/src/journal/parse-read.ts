// What `tidemark_changes_since` answers, checked where it enters, however it came.
import { type JournalRead, TidemarkError, type WatchedTable } from '@tidemark/protocol';
import * as z from 'zod';

const watchedTable = z.object({
  namespace: z.string(),
  prefixes: z.array(z.string()),
  problem: z.string().nullable(),
  // Absent in the answer of older migrations.
  key: z.string().optional(),
  broadcast: z.boolean().optional(),
});

const answer = z.object({
  snapshot: z.string(),
  server: z.object({
    recovery: z.boolean(),
    startedAt: z.string(),
    // Absent in the answer of older migrations.
    recoveredAt: z.string().nullable().optional(),
    systemId: z.string().nullable(),
    timeline: z.number().nullable(),
  }),
  wentBack: z.boolean(),
  pruned: z.boolean(),
  watchHash: z.string(),
  watch: z.record(z.string(), watchedTable).nullable(),
  changes: z.array(z.object({ table: z.string(), keys: z.array(z.string()).nullable() })),
  // Absent in the answer of older migrations.
  transactions: z.array(z.tuple([z.string(), z.string(), z.number()])).optional(),
});

/** @throws TidemarkError `JOURNAL_ANSWER_INVALID`: the migration is older or newer than this package */
export function parseRead(value: unknown): JournalRead {
  const result = answer.safeParse(value);
  if (!result.success) {
    const where = result.error.issues[0]?.path.join('.') ?? '';
    throw new TidemarkError(
      `the answer of tidemark_changes_since does not have the expected shape (at "${where}"): apply the migrations of this version`,
      { code: 'JOURNAL_ANSWER_INVALID', cause: result.error },
    );
  }
  const { snapshot, server, watchHash, wentBack, pruned, changes, transactions, watch } = result.data;
  const { recovery, ...identity } = server;
  return {
    cursor: { snapshot, server: JSON.stringify(identity), watchHash },
    isInRecovery: recovery,
    wentBack,
    wasPruned: pruned,
    changes,
    ...(transactions && {
      transactions: transactions.map(([table, xid, ageMs]) => ({ table, xid, ageMs: Math.max(0, ageMs) })),
    }),
    watch:
      watch === null
        ? null
        : new Map(Object.entries(watch).map(([table, watched]) => [table, toWatchedTable(watched)])),
  };
}

function toWatchedTable({ broadcast, key, ...watched }: z.infer<typeof watchedTable>): WatchedTable {
  return {
    ...watched,
    ...(key === undefined ? {} : { key }),
    ...(broadcast === false ? { isQuiet: true } : {}),
  };
}
