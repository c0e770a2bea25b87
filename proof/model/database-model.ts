// The database as Tidemark sees it: rows, transactions that become visible late, the journal that triggers write, the
// watch, pruning with its horizon, and restarts that may lose what was never acknowledged. A weakness takes one rule of
// the SQL away. The real SQL has tests of its own on a real PostgreSQL.
import type { ChangedKeys, JournalGlance, JournalRead, TableChange, Watch } from '@tidemark/protocol';
import type { WorldTime } from './process-clock.ts';
import type { Coverage, RowHistory } from './row-history.ts';
import { contains, formatSnapshot, isVisible, parseSnapshot, type Snapshot } from './snapshot.ts';

export type DatabaseWeakness =
  | 'prune by age'
  | 'no horizon'
  | 'cursor is the highest xid'
  | 'announced before visible'
  | 'server has no identity'
  | 'watch has no hash';

export interface Table {
  readonly name: string;
  readonly keys: readonly string[];
  readonly namespace: string;
}

export interface Transaction {
  readonly xid: number;
  readonly table: string;
  /** null: every key of the table, as one bulk statement. */
  readonly keys: ChangedKeys;
  readonly value: number;
  /** False when the triggers were off: no round can know of it. */
  readonly isJournaled: boolean;
}

interface JournalRow {
  readonly xid: number;
  readonly atMs: number;
  readonly change: TableChange;
}

/** A commit that nobody was told of yet: a failover may lose it. */
interface Unacknowledged {
  readonly xid: number;
  readonly before: ReadonlyMap<string, number>;
}

interface WatchState {
  readonly prefixes: Set<string>;
  isTriggered: boolean;
}

/** What prune keeps: an hour in the product, here so long that a walk can outlast it. */
const keepMs = 3_000;

export interface DatabaseOptions {
  readonly time: WorldTime;
  readonly tables: readonly Table[];
  readonly prefixes: ReadonlyMap<string, readonly string[]>;
  readonly history: RowHistory;
  readonly weakness: string | undefined;
}

export class DatabaseModel {
  readonly #options: DatabaseOptions;
  readonly #running = new Map<number, Transaction>();
  readonly #watch = new Map<string, WatchState>();
  readonly #recorded: { readonly atMs: number; readonly snapshot: Snapshot }[] = [];
  /** The number of each row's last value that the journal tells of. */
  readonly #announced = new Map<string, number>();
  /** What each snapshot told of, for the oracle. */
  readonly #coverage = new Map<string, Coverage>();
  #journal: JournalRow[] = [];
  #unacknowledged: Unacknowledged[] = [];
  #horizon: Snapshot | undefined;
  #nextXid = 10;
  /** The next id as a standby knows it that has all that was acknowledged. */
  #durableNextXid = 10;
  #nextValue = 1;
  #generation = 0;
  #watchVersion = 1;
  #life = 1;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    for (const { name } of options.tables) {
      this.#watch.set(name, { prefixes: new Set(options.prefixes.get(name)), isTriggered: true });
    }
  }

  valueOf(row: string): number {
    return this.#options.history.value(row);
  }

  get running(): readonly Transaction[] {
    return [...this.#running.values()];
  }

  get unacknowledged(): number {
    return this.#unacknowledged.length;
  }

  /** Changes with every restart: whoever was under way in an earlier life gets an error. */
  get life(): number {
    return this.#life;
  }

  isTriggered(table: string): boolean {
    return this.#watch.get(table)?.isTriggered ?? false;
  }

  /** @returns undefined while another transaction holds one of the rows */
  write(table: string, keys: ChangedKeys): Transaction | undefined {
    const isLocked = this.running.some(
      (other) =>
        other.table === table &&
        (keys === null || other.keys === null || keys.some((key) => other.keys?.includes(key))),
    );
    if (isLocked) return undefined;
    const transaction = {
      xid: this.#takeXid(),
      table,
      keys,
      value: this.#nextValue,
      isJournaled: this.isTriggered(table),
    };
    this.#nextValue += 1;
    this.#running.set(transaction.xid, transaction);
    if (transaction.isJournaled) this.#note(transaction.xid, { table, keys });
    return transaction;
  }

  commit({ xid, table, keys, value, isJournaled }: Transaction): boolean {
    if (!this.#running.delete(xid)) return false;
    const { tables, history } = this.#options;
    const before = new Map<string, number>();
    for (const key of keys ?? tables.find(({ name }) => name === table)?.keys ?? []) {
      before.set(`${table}/${key}`, history.value(`${table}/${key}`));
      history.set(`${table}/${key}`, value);
      if (isJournaled) this.#announced.set(`${table}/${key}`, history.count(`${table}/${key}`));
    }
    this.#unacknowledged.push({ xid, before });
    return true;
  }

  /** The client of the commit, and of all before it, has been told. */
  acknowledge(): void {
    this.#unacknowledged = [];
    this.#durableNextXid = this.#nextXid;
  }

  rollBack({ xid }: Transaction): void {
    if (!this.#running.delete(xid)) return;
    this.#journal = this.#journal.filter((row) => row.xid !== xid);
  }

  /** `tidemark_invalidate`: a change by hand. */
  invalidate(table: string, keys: ChangedKeys): void {
    this.#note(this.#takeXid(), { table, keys });
    this.acknowledge();
  }

  setTrigger(table: string, isTriggered: boolean): boolean {
    // ALTER TABLE waits for every transaction that has written to the table.
    if (this.running.some((transaction) => transaction.table === table)) return false;
    const state = this.#watch.get(table);
    if (state === undefined) return false;
    state.isTriggered = isTriggered;
    this.#watchVersion += 1;
    this.#takeXid();
    this.acknowledge();
    return true;
  }

  addPrefix(table: string, prefix: string): void {
    const state = this.#watch.get(table);
    if (state === undefined || state.prefixes.has(prefix)) return;
    state.prefixes.add(prefix);
    this.#watchVersion += 1;
    this.#takeXid();
    this.acknowledge();
  }

  nextGeneration(atLeast: number): number {
    this.#generation = Math.max(this.#generation, atLeast) + 1;
    return this.#generation;
  }

  restart(): void {
    for (const transaction of this.running) this.rollBack(transaction);
    this.#life += 1;
  }

  /** A standby takes over that never got the commits that nobody was told of; their ids are given out again. */
  failOver(): void {
    this.restart();
    for (const { xid, before } of this.#unacknowledged.toReversed()) {
      for (const [row, value] of before) this.#options.history.set(row, value);
      this.#journal = this.#journal.filter((row) => row.xid !== xid);
    }
    this.#nextXid = this.#durableNextXid;
    this.#unacknowledged = [];
  }

  changesSince(since: string | null, knownWatchHash: string | null): JournalRead {
    const { weakness } = this.#options;
    const present = this.#snapshot();
    const past = since === null ? undefined : parseSnapshot(since);
    const watchHash = weakness === 'watch has no hash' ? 'w' : `w${this.#watchVersion}`;
    const server = weakness === 'server has no identity' ? 'server' : `server ${this.#life}`;
    const cursor = { snapshot: formatSnapshot(present), server, watchHash };
    this.#coverage.set(`${server} ${cursor.snapshot}`, new Map(this.#announced));
    const isBeyond = past !== undefined && this.#horizon !== undefined && !contains(past, this.#horizon);
    return {
      cursor,
      isInRecovery: false,
      wentBack: past !== undefined && !contains(present, past),
      wasPruned: isBeyond && weakness !== 'no horizon' && weakness !== 'prune by age',
      changes: past === undefined ? [] : this.#changesBetween(past, present),
      watch: watchHash === knownWatchHash ? null : this.#readWatch(),
    };
  }

  /** As a read, but that nobody looks at the watch: it goes on under the one that it came with. */
  glance(since: string, watchHash: string): JournalGlance {
    const { watch: _, ...found } = this.changesSince(since, null);
    return { ...found, cursor: { ...found.cursor, watchHash } };
  }

  /** @returns the changes that whoever has read up to the snapshot knows of: for each row, the number of its value */
  coverageOf(server: string, snapshot: string): Coverage | undefined {
    return this.#coverage.get(`${server} ${snapshot}`);
  }

  prune(): void {
    const { time, weakness } = this.#options;
    const oldEnoughMs = time.nowMs - keepMs;
    if (weakness === 'prune by age') {
      this.#journal = this.#journal.filter(({ atMs }) => atMs > oldEnoughMs);
      return;
    }
    this.#recorded.push({ atMs: time.nowMs, snapshot: this.#snapshot() });
    const chosen = this.#recorded.findLast(({ atMs }) => atMs <= oldEnoughMs)?.snapshot;
    if (chosen === undefined) return;
    this.#horizon = chosen;
    this.#journal = this.#journal.filter(({ xid }) => !isVisible(xid, chosen));
  }

  #takeXid(): number {
    this.#nextXid += 1;
    return this.#nextXid - 1;
  }

  #note(xid: number, change: TableChange): void {
    this.#journal.push({ xid, atMs: this.#options.time.nowMs, change });
  }

  #snapshot(): Snapshot {
    return { xmax: this.#nextXid, running: [...this.#running.keys()].sort((a, b) => a - b) };
  }

  #changesBetween(past: Snapshot, present: Snapshot): TableChange[] {
    const { weakness } = this.#options;
    const found = this.#journal.filter(({ xid }) => {
      // A change stream: it tells of a commit before other sessions see it.
      if (weakness === 'announced before visible') return xid >= past.xmax;
      // A number as the cursor: what commits out of order is passed over.
      if (weakness === 'cursor is the highest xid') return xid >= past.xmax && isVisible(xid, present);
      return isVisible(xid, present) && !isVisible(xid, past);
    });
    return mergeByTable(found.map(({ change }) => change));
  }

  #readWatch(): Watch {
    const entries = this.#options.tables.map(({ name, namespace }) => {
      const state = this.#watch.get(name);
      const problem = state?.isTriggered === true ? null : 'the trigger is disabled';
      return [name, { namespace, prefixes: [...(state?.prefixes ?? [])], problem }] as const;
    });
    return new Map(entries);
  }
}

/** One entry per table, as the SQL answers. */
function mergeByTable(changes: readonly TableChange[]): TableChange[] {
  const merged = new Map<string, ChangedKeys>();
  for (const { table, keys } of changes) {
    const before = merged.get(table);
    merged.set(table, keys === null || before === null ? null : [...new Set([...(before ?? []), ...keys])]);
  }
  return [...merged].map(([table, keys]) => ({ table, keys }));
}
