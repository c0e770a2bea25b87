// A journal in memory: its changes are handed to it, and told by the next read. What rounds and instances cost without a
// database behind them.
import type { Journal, JournalRead, JournalRequest, TableChange, Watch } from '@tidemark/protocol';

export class HandedJournal implements Journal {
  readonly #watch: Watch;
  #waiting: TableChange[] = [];
  /** Asked by each read for what is new, besides what was handed. */
  produce: () => readonly TableChange[] = () => [];

  /** @param tables with the L2 prefixes that they feed */
  constructor(tables: ReadonlyMap<string, readonly string[]>) {
    this.#watch = new Map(
      [...tables].map(([table, prefixes]) => [table, { namespace: 'main', prefixes, problem: null }]),
    );
  }

  hand(change: TableChange): void {
    this.#waiting.push(change);
  }

  read({ since, knownWatchHash }: JournalRequest): Promise<JournalRead> {
    const changes = since === null ? [] : [...this.#waiting, ...this.produce()];
    if (since !== null) this.#waiting = [];
    return Promise.resolve({
      cursor: { snapshot: '1:1:', server: 'memory', watchHash: 'handed' },
      isInRecovery: false,
      wentBack: false,
      wasPruned: false,
      changes,
      watch: knownWatchHash === 'handed' ? null : this.#watch,
    });
  }

  nextGeneration(atLeast: number): Promise<number> {
    return Promise.resolve(atLeast + 1);
  }

  async invalidate(): Promise<void> {}

  async addPrefix(): Promise<void> {}

  prune(): Promise<number> {
    return Promise.resolve(0);
  }

  async close(): Promise<void> {}
}
