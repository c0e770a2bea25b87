// A journal for tables that nobody may add triggers to: what Supabase Realtime announces, numbered in this process. Best
// effort, and labelled so in the watch: Realtime loses changes without a sign, and says nothing of TRUNCATE, so R1 is not
// claimed and an entry may stay stale until its TTL. What is known to be missing is never passed over: a channel that
// joined, or was told "ok" again, means the whole table.
import { createHash } from 'node:crypto';
import type { SupabaseClient } from '@supabase/supabase-js';
import {
  type Clock,
  type Journal,
  type JournalRead,
  type Logger,
  silentLogger,
  systemClock,
  type TableChange,
  TidemarkError,
  type Watch,
} from '@tidemark/protocol';
import { WatchedChannel } from '../hints/realtime-channel.ts';
import { bestEffortNamespace } from '../namespaces.ts';
import { ChangeBuffer } from './change-buffer.ts';
import { keysOfEvent, tableOfEvent } from './event-keys.ts';

export interface BestEffortTable {
  /** `schema.table`; it must be in the publication `supabase_realtime`. */
  readonly table: string;
  /** Columns of the key, in order. With the primary key a DELETE names its key, else it names the whole table. */
  readonly key: readonly string[];
  /** What the L2 keys of the regions begin with that read the table, e.g. `copilot:flags`. */
  readonly prefixes: readonly string[];
}

export interface RealtimeJournalOptions {
  /** A client made with the service key. It is used by this journal alone and closed with it. */
  readonly supabase: SupabaseClient;
  readonly tables: readonly BestEffortTable[];
  /** Called after each change that was heard, to start a round. Default: rounds come by the timer. */
  readonly onChange?: () => void;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

interface FollowedTable {
  readonly key: readonly string[];
  readonly prefixes: Set<string>;
  readonly channel: WatchedChannel;
}

/** @returns a journal that subscribes when it is first read; for `createEngine({ bestEffort })` */
export function realtimeJournal(options: RealtimeJournalOptions): Journal {
  return new RealtimeJournal(options);
}

class RealtimeJournal implements Journal {
  readonly #options: RealtimeJournalOptions;
  readonly #clock: Clock;
  readonly #tables = new Map<string, FollowedTable>();
  readonly #buffer = new ChangeBuffer();
  #generation = 0;
  #isStarted = false;

  constructor(options: RealtimeJournalOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    for (const { table, key, prefixes } of options.tables) {
      this.#tables.set(table, { key, prefixes: new Set(prefixes), channel: this.#channelOf(table, key) });
    }
  }

  /** One channel per table: one bad binding disables its whole channel. */
  #channelOf(table: string, key: readonly string[]): WatchedChannel {
    const { supabase, logger = silentLogger, onChange } = this.#options;
    const [schema = '', ...rest] = table.split('.');
    return new WatchedChannel({
      supabase,
      name: `best effort for ${table}`,
      needsSystemOk: true,
      // Nothing else finds changes of these tables, so that nothing could tell that the channel is silent.
      graceMs: Number.POSITIVE_INFINITY,
      clock: this.#clock,
      logger,
      ring: () => onChange?.(),
      // Changes before each "ok" went unheard: the first one, a rejoin, a new token, a change of the publication.
      onListening: () => this.#buffer.add({ table, keys: null }),
      open: (attempt, heard) =>
        supabase
          .channel(`tidemark-best-effort:${table}:${attempt}`)
          .on('postgres_changes', { event: '*', schema, table: rest.join('.') }, (payload: unknown) => {
            if (tableOfEvent(payload) !== table) return;
            this.#buffer.add({ table, keys: keysOfEvent(payload, key) });
            heard({ table });
          }),
    });
  }

  // Not async, and the buffer is read in the same synchronous run as the channels: no event falls between.
  read({ since, knownWatchHash, signal }: Parameters<Journal['read']>[0]): Promise<JournalRead> {
    if (signal.aborted) return Promise.reject(signal.reason);
    this.#start();
    const deaf = [...this.#tables.values()].map(({ channel }) => channel.status()).find(isDeaf);
    if (deaf !== undefined) {
      return Promise.reject(
        new TidemarkError(`${deaf.name} hears nothing (${deaf.reason ?? deaf.state}): nothing is known`, {
          code: 'JOURNAL_UNREADABLE',
        }),
      );
    }
    const changes: readonly TableChange[] | undefined = since === null ? [] : this.#buffer.after(since);
    const watch = this.#watch();
    const watchHash = hashOf(watch);
    return Promise.resolve({
      cursor: { snapshot: this.#buffer.snapshot, server: 'realtime', watchHash },
      isInRecovery: false,
      wentBack: false,
      wasPruned: changes === undefined,
      changes: changes ?? [],
      watch: watchHash === knownWatchHash ? null : watch,
    });
  }

  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    for (const { channel } of this.#tables.values()) channel.start();
  }

  #watch(): Watch {
    return new Map(
      [...this.#tables].map(([table, { prefixes }]) => [
        table,
        { namespace: bestEffortNamespace, prefixes: [...prefixes], problem: null, isBestEffort: true },
      ]),
    );
  }

  /**
   * There is no sequence of a database to ask. The time stands in for it: it grows past what other processes gave out,
   * unless a clock was set back; then two generations could be mistaken for one, which best effort puts up with.
   */
  nextGeneration(atLeast: number): Promise<number> {
    this.#generation = Math.max(this.#generation + 1, atLeast + 1, Math.floor(this.#clock.wallMs()));
    return Promise.resolve(this.#generation);
  }

  /** Lost with this process, like everything it heard and has not published. */
  async invalidate(table: string, keys: TableChange['keys']): Promise<void> {
    this.#followed(table);
    this.#buffer.add({ table, keys });
    this.#options.onChange?.();
  }

  async addPrefix(table: string, prefix: string): Promise<void> {
    this.#followed(table).prefixes.add(prefix);
  }

  #followed(table: string): FollowedTable {
    const followed = this.#tables.get(table);
    if (followed !== undefined) return followed;
    throw new TidemarkError(
      `${table} is not a best-effort table; there are: ${[...this.#tables.keys()].join(', ')}`,
      { code: 'TABLE_UNKNOWN' },
    );
  }

  /** Nothing to do: the buffer is bounded. */
  prune(): Promise<number> {
    return Promise.resolve(0);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#tables.values()].map(({ channel }) => channel.close()));
    await this.#options.supabase.realtime.disconnect();
  }
}

function isDeaf({ state }: { readonly state: string }): boolean {
  return state !== 'listening';
}

/** The same in every process that has the same tables. Prefixes in order: they may have been added in any. */
function hashOf(watch: Watch): string {
  const facts = [...watch]
    .map(([table, { prefixes }]) => JSON.stringify([table, [...prefixes].sort()]))
    .sort();
  return createHash('sha256').update(facts.join('\n')).digest('hex').slice(0, 32);
}
