// Supabase Realtime as the bell: a broadcast that the journal's trigger sends (a millisecond), and postgres_changes on
// the watched tables and on the journal itself (a quarter of a second). Each binding has a channel of its own, because
// one bad binding disables its whole channel.
import type { SupabaseClient } from '@supabase/supabase-js';
import { type Clock, type Logger, systemClock, type Watch } from '@tidemark/protocol';
import type { Hint, HintHost, HintSource, HintStatus } from './hint-source.ts';
import type { Settled } from './loss-meter.ts';
import { type RealtimeChannelOptions, WatchedChannel } from './realtime-channel.ts';

export type RealtimeHintKind = 'broadcast' | 'changes';

export interface RealtimeHintsOptions {
  /** A client made with the service key. It is used by this source alone and closed with it. */
  readonly supabase: SupabaseClient;
  /** Default: both. */
  readonly kinds?: readonly RealtimeHintKind[];
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** Well above the slowest ordinary delivery (0.5 s for postgres_changes), well below a person's patience. */
const graceMs = { broadcast: 1_000, changes: 3_000 };

/** The journal is a table like any other: one event per statement, also for TRUNCATE and bulk changes. */
const journalTable = 'tidemark.change';

export function realtimeHints(options: RealtimeHintsOptions): HintSource {
  const { supabase, logger, kinds = ['broadcast', 'changes'], clock = systemClock } = options;
  const channels = new Map<string, WatchedChannel>();
  let host: HintHost | undefined;
  let pending: { channel: WatchedChannel }[] = [];
  let followed: Watch = new Map();

  function add(options: Omit<RealtimeChannelOptions, 'supabase' | 'clock' | 'logger'>): void {
    const channel = new WatchedChannel({ ...options, supabase, clock, logger });
    channels.set(options.name, channel);
    if (host === undefined) pending.push({ channel });
    else channel.start();
  }

  function addBroadcast(): void {
    add({
      name: 'broadcast',
      graceMs: graceMs.broadcast,
      needsSystemOk: false,
      // Sent from the write-ahead log, which is read before other sessions see the commit.
      ring: (table) => host?.ring({ mayBeEarly: true, ...aboutTable(table) }),
      onSettled: (settled) => host?.settle?.('broadcast', settled),
      open: (_attempt, heard) =>
        supabase
          .channel('tidemark', { config: { private: true } })
          .on('broadcast', { event: 'change' }, ({ payload }) =>
            heard({ table: textIn(payload, 'table'), xid: textIn(payload, 'xid') }),
          ),
    });
  }

  function addChanges(table: string): void {
    const name = `changes of ${table}`;
    if (channels.has(name)) return;
    const [schema = '', tableName = ''] = table.split('.');
    const isJournal = table === journalTable;
    // Pruning deletes journal rows by the thousand: to hear of them would use up what Realtime delivers in a minute.
    const event = isJournal ? 'INSERT' : '*';
    add({
      name,
      graceMs: graceMs.changes,
      needsSystemOk: true,
      ring: (table) => host?.ring(aboutTable(table)),
      // What changed by hand or by TRUNCATE is in the journal and in no event of the table: of its own channel nobody
      // can tell what it lost.
      ...(isJournal && { onSettled: (settled: Settled) => host?.settle?.(name, settled) }),
      open: (attempt, heard) =>
        supabase
          .channel(`tidemark-changes:${table}:${attempt}`)
          .on('postgres_changes', { event, schema, table: tableName }, ({ new: row }) =>
            heard(isJournal ? { table: textIn(row, 'tbl'), xid: textIn(row, 'xid') } : { table }),
          ),
    });
  }

  if (kinds.includes('broadcast')) addBroadcast();
  if (kinds.includes('changes')) addChanges(journalTable);

  return {
    start(to) {
      host = to;
      for (const { channel } of pending) channel.start();
      pending = [];
    },
    follow(watch: Watch) {
      followed = watch;
      if (kinds.includes('changes')) for (const table of watch.keys()) addChanges(table);
    },
    expect({ sinceMs, tables, changes }) {
      // Only these two must announce every change; a table's own channel stays quiet when another table changed.
      const isLoud = (table: string): boolean => followed.get(table)?.isQuiet !== true;
      const loud = changes.filter(({ table }) => isLoud(table));
      if (tables.some(isLoud)) channels.get('broadcast')?.expect(sinceMs, loud);
      channels.get(`changes of ${journalTable}`)?.expect(sinceMs, changes);
    },
    status: (): HintStatus[] => [...channels.values()].map((channel) => channel.status()),
    async close() {
      await Promise.all([...channels.values()].map((channel) => channel.close()));
      await supabase.realtime.disconnect();
    },
  };
}

function aboutTable(table: string | undefined): Hint {
  return table === undefined ? {} : { table };
}

/** What a message holds is anybody's word, and may be stripped: without a table every round starts. */
function textIn(message: unknown, name: string): string | undefined {
  const value: unknown =
    typeof message === 'object' && message !== null ? Reflect.get(message, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}
