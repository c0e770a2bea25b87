// A journal in memory that a test can make do what a PostgreSQL server does: commit, restart, lose commits, prune, fall
// behind as a standby, change its watch, fail. Two publishers may share one, as they share one database.
import type {
  Cursor,
  GlanceRequest,
  Journal,
  JournalGlance,
  JournalRead,
  JournalRequest,
  TableChange,
  TableTransaction,
  Watch,
  WatchedTable,
} from '@tidemark/protocol';

export const policies = 'copilot_internal.policies';

/** One table under one prefix in the namespace `main`. */
export const policyWatch: Watch = new Map([[policies, watched('main', 'copilot:policy')]]);

export function watched(namespace: string, ...prefixes: string[]): WatchedTable {
  return { namespace, prefixes, problem: null };
}

export class ScriptedJournal implements Journal {
  readonly reads: JournalRequest[] = [];
  readonly glances: GlanceRequest[] = [];
  /** What glances answer with in place of changes, while it is set: null, as older migrations do. */
  glanceInstead: null | Error | undefined;
  readonly invalidated: TableChange[] = [];
  readonly added: { table: string; prefix: string }[] = [];
  /** What `read`, `addPrefix` and `prune` reject with while it is set. */
  failure: Error | undefined;
  isInRecovery = false;
  /** What every read says of transactions. */
  transactions: readonly TableTransaction[] | undefined;
  /** What `prune` will answer. */
  prunable = 0;
  prunes = 0;
  closes = 0;
  lastGeneration = 0;
  watch: Watch = policyWatch;
  watchHash = 'watch-1';
  #server = 'server-1';
  #commits: TableChange[] = [];
  #horizon = 0;
  /** What was committed before is told to nobody any more, as after a failover or with a trigger that was off. */
  #readableFrom = 0;
  #gate: Promise<void> | undefined;

  get server(): string {
    return this.#server;
  }

  get snapshot(): string {
    return String(this.#commits.length);
  }

  /** The cursor of somebody who has read everything up to now. */
  get cursor(): Cursor {
    return { snapshot: this.snapshot, server: this.#server, watchHash: this.watchHash };
  }

  commit(key: string, table: string = policies): void {
    this.#commits.push({ table, keys: [key] });
  }

  commitWhole(table: string = policies): void {
    this.#commits.push({ table, keys: null });
  }

  /** The same data under another life of the server, which does not know what was not read yet. */
  restart(): void {
    this.#server = `${this.#server}'`;
    this.#readableFrom = this.#commits.length;
  }

  /** The server loses its last commits, and tells nobody. */
  lose(commits: number): void {
    this.#commits = this.#commits.slice(0, this.#commits.length - commits);
  }

  /** Nobody who has not read everything up to now can go on. */
  pruneAll(): void {
    this.#horizon = this.#commits.length;
    this.#readableFrom = this.#commits.length;
  }

  changeWatch(watch: Watch): void {
    this.watch = watch;
    this.watchHash = `${this.watchHash}.`;
    this.#readableFrom = this.#commits.length;
  }

  /** Reads wait until the returned function is called. They read before they wait, as slow answers do. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return () => {
      this.#gate = undefined;
      resolve();
    };
  }

  async read(request: JournalRequest): Promise<JournalRead> {
    this.reads.push(request);
    if (this.failure !== undefined) throw this.failure;
    const answer = this.#answer(request);
    await this.#gate;
    return answer;
  }

  async glance(request: GlanceRequest): Promise<JournalGlance | null> {
    this.glances.push(request);
    if (this.failure !== undefined) throw this.failure;
    if (this.glanceInstead instanceof Error) throw this.glanceInstead;
    if (this.glanceInstead === null) return null;
    const { since } = request;
    const { watch: _, ...answer } = this.#answer({ since: since.snapshot, knownWatchHash: null });
    await this.#gate;
    return { ...answer, cursor: { ...answer.cursor, watchHash: since.watchHash } };
  }

  #answer({ since, knownWatchHash }: Omit<JournalRequest, 'signal'>): JournalRead {
    const present = this.#commits.length;
    const past = since === null ? present : Number(since);
    return {
      cursor: this.cursor,
      isInRecovery: this.isInRecovery,
      wentBack: past > present,
      wasPruned: past < this.#horizon,
      changes: this.#commits.slice(Math.max(past, this.#readableFrom)),
      ...(this.transactions && { transactions: this.transactions }),
      watch: knownWatchHash === this.watchHash ? null : this.watch,
    };
  }

  async nextGeneration(atLeast: number): Promise<number> {
    this.lastGeneration = Math.max(this.lastGeneration, atLeast) + 1;
    return this.lastGeneration;
  }

  async invalidate(table: string, keys: readonly string[] | null): Promise<void> {
    this.invalidated.push({ table, keys });
  }

  async addPrefix(table: string, prefix: string): Promise<void> {
    this.added.push({ table, prefix });
    if (this.failure !== undefined) throw this.failure;
  }

  async prune(): Promise<number> {
    this.prunes += 1;
    if (this.failure !== undefined) throw this.failure;
    return this.prunable;
  }

  async close(): Promise<void> {
    this.closes += 1;
  }
}
