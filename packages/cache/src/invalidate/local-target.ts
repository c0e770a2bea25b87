// The no-Redis mode: rounds of this process end right here. Records and tidemark are applied in one synchronous run, and
// the mark is the time before the journal was asked.
import {
  type Begun,
  type Cursor,
  isContinuous,
  type JournalRead,
  type RoundOutcome,
  type RoundTarget,
  TidemarkError,
} from '@tidemark/protocol';
import type { Clocks, Instant } from '../clocks.ts';
import type { Namespace } from './namespace.ts';

export interface LocalTargetOptions {
  readonly clocks: Clocks;
  readonly roundEveryMs: number;
  readonly namespaces: () => Iterable<Namespace>;
}

export class LocalTarget implements RoundTarget {
  readonly #options: LocalTargetOptions;
  #cursor: Cursor | null = null;
  #begunAt: Instant | undefined;
  #latestRead: JournalRead | undefined;

  constructor(options: LocalTargetOptions) {
    this.#options = options;
  }

  begin(): Promise<Begun> {
    this.#begunAt = this.#options.clocks.instant();
    return Promise.resolve({
      kind: 'begun',
      cursor: this.#cursor,
      knownWatchHash: this.#cursor?.watchHash ?? null,
    });
  }

  publish(read: JournalRead): Promise<RoundOutcome> {
    if (read.isInRecovery) {
      throw new TidemarkError('the database is a standby or in recovery: rounds need the primary', {
        code: 'SOURCE_IN_RECOVERY',
      });
    }
    if (read.watch !== null) this.#latestRead = read;
    const isKnown = this.#cursor !== null && isContinuous(this.#cursor, read);
    for (const namespace of this.#options.namespaces()) {
      // One by one: a journal may name a table as often as it changed.
      if (isKnown) for (const { table, keys } of read.changes) namespace.apply(new Map([[table, keys]]));
      else namespace.reset();
      this.#follow(namespace);
      // Valid after a reset, too: nothing is left that could be older than the moment before the read.
      if (this.#begunAt !== undefined) namespace.tidemark.advance(this.#begunAt);
    }
    this.#cursor = read.cursor;
    const changed = read.changes.reduce((sum, { keys }) => sum + (keys?.length ?? 1), 0);
    return Promise.resolve({ isPublished: true, changed, wantsMore: false });
  }

  #follow(namespace: Namespace): void {
    const read = this.#latestRead;
    if (read?.watch === undefined || read.watch === null || namespace.watchHash === read.cursor.watchHash)
      return;
    const { roundEveryMs } = this.#options;
    namespace.follow({ hash: read.cursor.watchHash, roundEveryMs, tables: read.watch });
  }
}
