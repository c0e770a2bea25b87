// Guards of the migrations, as they stand there, and the tests that miss them.
import type { Mutation } from './mutation.ts';

const migrations = 'supabase/migrations/20261121000';

export const databaseMutations: readonly Mutation[] = [
  {
    keeps: 'I16',
    file: `${migrations}300_tidemark_changes_since.sql`,
    guard: 'where c.xid = any (finished)',
    instead: 'where false',
    test: {
      file: 'supabase/tests/commit-order.stack.test.ts',
      name: 'that commit in the other order are each told once, when they commit',
    },
  },
  {
    keeps: 'I23',
    file: `${migrations}100_tidemark_watch.sql`,
    guard: 't.oid, t.xmin, t.tgenabled,',
    instead: 't.oid, t.tgenabled,',
    test: { file: 'supabase/tests/watch-hash.stack.test.ts', name: 'by %s' },
  },
  {
    keeps: 'I24',
    file: `${migrations}400_tidemark_rpcs.sql`,
    guard: 'where o.xid < pg_snapshot_xmax(chosen) and pg_visible_in_snapshot(o.xid, chosen)',
    instead: 'where o.at <= old_enough',
    test: {
      file: 'supabase/tests/prune.stack.test.ts',
      name: 'the age of a row says nothing: rows of a transaction that commits late stay',
    },
  },
  {
    keeps: 'I24',
    file: `${migrations}300_tidemark_changes_since.sql`,
    guard: "'pruned', not coalesce(tidemark.contains(past, horizon), true)",
    instead: "'pruned', false",
    test: {
      file: 'supabase/tests/prune.stack.test.ts',
      name: 'a reader that may have missed something is told, and one that has seen it all is not',
    },
  },
];
