// What `tidemark_changes_since` and `tidemark_glance` answer, checked where it enters, however it came.
import {
  type Cursor,
  isObject,
  type JournalGlance,
  type JournalRead,
  parseJson,
  TidemarkError,
  type WatchedTable,
} from '@tidemark/protocol';
import * as z from 'zod';

const watchedTable = z.object({
  namespace: z.string(),
  prefixes: z.array(z.string()),
  problem: z.string().nullable(),
  // Absent in the answer of older migrations.
  key: z.string().optional(),
  broadcast: z.boolean().optional(),
});

const found = z.object({
  snapshot: z.string(),
  wentBack: z.boolean(),
  pruned: z.boolean(),
  changes: z.array(z.object({ table: z.string(), keys: z.array(z.string()).nullable() })),
  // Absent in the answer of older migrations.
  transactions: z.array(z.tuple([z.string(), z.string(), z.number()])).optional(),
});

const server = z.object({
  recovery: z.boolean(),
  startedAt: z.string(),
  // Absent in the answer of older migrations.
  recoveredAt: z.string().nullable().optional(),
});

const glanceAnswer = found.extend({ server });

const readAnswer = found.extend({
  server: server.extend({ systemId: z.string().nullable(), timeline: z.number().nullable() }),
  watchHash: z.string(),
  watch: z.record(z.string(), watchedTable).nullable(),
});

/** @throws TidemarkError `JOURNAL_ANSWER_INVALID`: the migration is older or newer than this package */
export function parseRead(value: unknown): JournalRead {
  const { server, watchHash, watch, ...answer } = parseAs('tidemark_changes_since', readAnswer, value);
  const { recovery, ...identity } = server;
  return {
    ...foundIn(answer),
    cursor: { snapshot: answer.snapshot, server: JSON.stringify(identity), watchHash },
    isInRecovery: recovery,
    watch:
      watch === null
        ? null
        : new Map(Object.entries(watch).map(([table, watched]) => [table, toWatchedTable(watched)])),
  };
}

/** @throws TidemarkError `JOURNAL_ANSWER_INVALID`: the migration is older or newer than this package */
export function parseGlance(value: unknown, since: Cursor): JournalGlance {
  const { server, ...answer } = parseAs('tidemark_glance', glanceAnswer, value);
  const { recovery, ...life } = server;
  const before = parseJson(since.server);
  const isSame =
    isObject(before) && before['startedAt'] === life.startedAt && before['recoveredAt'] === life.recoveredAt;
  const cursor = {
    ...since,
    snapshot: answer.snapshot,
    server: isSame ? since.server : JSON.stringify(life),
  };
  return { ...foundIn(answer), cursor, isInRecovery: recovery };
}

function parseAs<T>(name: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const where = result.error.issues[0]?.path.join('.') ?? '';
  throw new TidemarkError(
    `the answer of ${name} does not have the expected shape (at "${where}"): apply the migrations of this version`,
    { code: 'JOURNAL_ANSWER_INVALID', cause: result.error },
  );
}

function foundIn(
  answer: z.infer<typeof found>,
): Pick<JournalGlance, 'wentBack' | 'wasPruned' | 'changes' | 'transactions'> {
  const { wentBack, pruned, changes, transactions } = answer;
  return {
    wentBack,
    wasPruned: pruned,
    changes,
    ...(transactions && {
      transactions: transactions.map(([table, xid, ageMs]) => ({ table, xid, ageMs: Math.max(0, ageMs) })),
    }),
  };
}

function toWatchedTable({ broadcast, key, ...watched }: z.infer<typeof watchedTable>): WatchedTable {
  return {
    ...watched,
    ...(key === undefined ? {} : { key }),
    ...(broadcast === false ? { isQuiet: true } : {}),
  };
}
