// What an instance of the coherence measurement is told, and what it tells. Every moment is a stamp of the clock that the
// processes of a machine share.

export interface InstanceOrder {
  /** URL of a module that exports `open`. */
  readonly module: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly busUrl: string;
  readonly prefix: string;
}

export type Order =
  /** Writes the row and invalidates it. */
  | { readonly kind: 'write'; readonly key: string; readonly version: number }
  | { readonly kind: 'read'; readonly key: string }
  /** Begins a read whose load is held when it has read its row. */
  | { readonly kind: 'begin'; readonly key: string }
  /** Lets that load go on, and waits for the end of the read. */
  | { readonly kind: 'end'; readonly key: string }
  /** Reads again and again, and looks for what is older than this version. */
  | {
      readonly kind: 'keep-reading';
      readonly key: string;
      readonly version: number;
      readonly durationMs: number;
    };

export type Reply =
  | { readonly kind: 'opened' }
  /** The source said so at this moment. */
  | { readonly kind: 'written'; readonly committedMs: number }
  | { readonly kind: 'read'; readonly version: number }
  | { readonly kind: 'begun' }
  | ({ readonly kind: 'kept-reading' } & Readings)
  | { readonly kind: 'failed'; readonly reason: string };

/** What the reads of a window returned. */
export interface Readings {
  readonly fresh: number;
  readonly stale: number;
  /** An error, or no answer in time. */
  readonly failed: number;
  /** When the last of the stale ones began. */
  readonly lastStaleMs: number | null;
}
