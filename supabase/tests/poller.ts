// Reads the journal as a sidecar does, from cursor to cursor, and counts how often it was told of each key. Owns the
// cursor; never looks into the journal itself.
import type { Answer, Change, TestDatabase } from './database.ts';

/** The name under which a change of a whole table is counted. */
const wholeTable = '*';

export class Poller {
  readonly #database: TestDatabase;
  readonly #table: string;
  readonly #counts = new Map<string, number>();
  #last: Answer;

  static async start(database: TestDatabase, table: string): Promise<Poller> {
    return new Poller(database, table, await database.changesSince());
  }

  private constructor(database: TestDatabase, table: string, first: Answer) {
    this.#database = database;
    this.#table = table;
    this.#last = first;
  }

  get last(): Answer {
    return this.#last;
  }

  /** Goes on from the last read. @returns the keys of the table that it was told of */
  async poll(): Promise<readonly string[]> {
    this.#last = await this.#database.changesSince(this.#last.snapshot, this.#last.watchHash);
    const keys = this.#last.changes.filter(({ table }) => table === this.#table).flatMap(toKeys);
    for (const key of keys) this.#counts.set(key, this.timesTold(key) + 1);
    return keys;
  }

  /** @returns how often it read */
  async pollUntil(over: AbortSignal): Promise<number> {
    let reads = 0;
    for (; !over.aborted; reads += 1) await this.poll();
    return reads;
  }

  timesTold(key: string): number {
    return this.#counts.get(key) ?? 0;
  }

  get told(): ReadonlyMap<string, number> {
    return this.#counts;
  }
}

function toKeys({ keys }: Change): readonly string[] {
  return keys ?? [wholeTable];
}
