// A namespace in this process: its regions, its tidemark, its position. Whoever learns of changes (the listener, a local
// round, a hint) hands them over here, and every region drops what they overtake in the same synchronous run.
import type { Changes, Logger, Position, Watch, WatchDocument } from '@tidemark/protocol';
import type { Clocks } from '../clocks.ts';
import type { Lease } from './lease.ts';
import { Tidemark } from './tidemark.ts';

/** What an invalidation needs of a region. */
export interface Coherent {
  readonly name: string;
  /** Of its L2 values. */
  readonly prefix: string;
  readonly tables: readonly string[];
  readonly lease: Lease;
  /** Drops entries and detaches flights; null: all of them. */
  overtake(keys: readonly string[] | null, cause: OvertakeCause): void;
}

export type OvertakeCause = 'record' | 'hint' | 'write' | 'reset';

/** What was found in Redis or heard on the bus, and could not be read. */
export interface RefusedCounts {
  heads: number;
  records: number;
  hints: number;
}

export class Namespace {
  readonly name: string;
  readonly tidemark: Tidemark;
  readonly #logger: Logger;
  readonly #byPrefix = new Map<string, Coherent>();
  readonly #byTable = new Map<string, Set<Coherent>>();
  #watch: { readonly tables: Watch; readonly hash: string; readonly roundEveryMs: number } | undefined;
  /** Where the listener stands; null while it is lost, and without Redis. */
  position: Position | null = null;
  readonly refused: RefusedCounts = { heads: 0, records: 0, hints: 0 };

  constructor(name: string, clocks: Clocks, logger: Logger) {
    this.name = name;
    this.tidemark = new Tidemark(clocks);
    this.#logger = logger;
  }

  get regions(): Iterable<Coherent> {
    return this.#byPrefix.values();
  }

  get watchHash(): string | null {
    return this.#watch?.hash ?? null;
  }

  /** The shortest bound of the regions that hope for a lease. */
  get shortestBoundMs(): number | undefined {
    const bounds = [...this.#byPrefix.values()]
      .filter(({ tables }) => tables.length > 0)
      .map(({ lease }) => lease.boundMs);
    return bounds.length === 0 ? undefined : Math.min(...bounds);
  }

  add(region: Coherent): void {
    this.#byPrefix.set(region.prefix, region);
    for (const table of region.tables) {
      const regions = this.#byTable.get(table) ?? new Set();
      this.#byTable.set(table, regions.add(region));
    }
    this.#judge(region);
  }

  /** A record, or a local round: everything it names is dropped before anybody can read again (R2). */
  apply(changes: Changes): void {
    for (const [table, keys] of changes) {
      for (const region of this.#byTable.get(table) ?? []) region.overtake(keys, 'record');
    }
  }

  /** A hint only removes: it moves no position and no tidemark. */
  heed(prefix: string, keys: readonly string[] | null): void {
    this.#byPrefix.get(prefix)?.overtake(keys, 'hint');
  }

  /** What happened before can't be known: nothing of before is served, stored or joined any more. */
  reset(): void {
    this.tidemark.drop();
    for (const region of this.#byPrefix.values()) region.overtake(null, 'reset');
  }

  /** @param watch null while it is unknown: then no region has a lease */
  follow(watch: WatchDocument | null): void {
    this.#watch = watch ?? undefined;
    for (const region of this.#byPrefix.values()) this.#judge(region);
  }

  #judge(region: Coherent): void {
    const before = region.lease.problem;
    region.lease.judge(region, this.#watch);
    const { problem } = region.lease;
    if (problem === before) return;
    const fields = { region: region.name, namespace: this.name };
    if (problem === null) this.#logger.info(fields, 'region is covered by the rounds');
    else if (this.#watch !== undefined) this.#logger.warn({ ...fields, problem }, 'region gets no lease');
  }
}
