// What an instance is asked to do in the coherence measurement, whatever library it is built on: read a row, and write one
// and invalidate it as that library's own guide says. Types only; the adapters are in peers/.

/** What is cached. A later version of a row is a greater one. */
export interface Row {
  readonly version: number;
}

export interface CachedRows {
  read(key: string): Promise<Row>;
  /** Changes the row by `change`, and invalidates it for every instance. */
  write(key: string, change: () => Promise<void>): Promise<void>;
}

export interface RowsSetting {
  readonly redisUrl: string;
  /**
   * The same Redis, over a connection that can be cut: for what hears of changes, and for nothing else where a library
   * lets the two be told apart.
   */
  readonly busUrl: string;
  /** Of every key and channel in Redis: contestants do not meet there. */
  readonly prefix: string;
  /** Reads the source. */
  readonly load: (key: string) => Promise<Row>;
}

/** An adapter exports this. */
export interface RowsModule {
  open(setting: RowsSetting): Promise<CachedRows>;
}

/** As long as Tidemark's own default for a policy; far longer than anybody reads here. */
export const ttlMs = 300_000;
