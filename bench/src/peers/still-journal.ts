// A journal of one table in which nothing ever changes: rounds over it prove entries without a database.
import type { Journal, JournalRead } from '@tidemark/protocol';

export class StillJournal implements Journal {
  readonly #read: JournalRead;

  constructor(table: string, prefix: string) {
    this.#read = {
      cursor: { snapshot: '1:1:', server: 'still', watchHash: 'still' },
      isInRecovery: false,
      wentBack: false,
      wasPruned: false,
      changes: [],
      watch: new Map([[table, { namespace: 'main', prefixes: [prefix], problem: null }]]),
    };
  }

  read(): Promise<JournalRead> {
    return Promise.resolve(this.#read);
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
