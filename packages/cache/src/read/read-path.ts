// The read path of a region, whole: L1, then L2, then the source.
//
//   peek ─► L1 ── served while the lease is live, or the entry is younger than the bound by itself (R1)
//   get  ─► L1 ─► flight ─► L2 (head and value together) ─► source ─► L1, and L2 through the fence
//
// What overtakes an entry arrives by `overtake`, in one synchronous run with the position that says so (R2).
import { encodeKey, type Key } from '@tidemark/protocol';
import type { Clocks, Instant } from '../clocks.ts';
import type { RegionEvents } from '../events.ts';
import type { Hold } from '../invalidate/hold.ts';
import type { Lease } from '../invalidate/lease.ts';
import type { Namespace, OvertakeCause } from '../invalidate/namespace.ts';
import type { ResolvedRegionOptions } from '../options.ts';
import { type Flight, Flights } from './flight.ts';
import type { Herd } from './herd.ts';
import { type Entry, L1 } from './l1.ts';
import type { L2 } from './l2.ts';
import type { Source } from './source.ts';

export interface ReadPathParts<V, K extends Key> {
  readonly options: ResolvedRegionOptions<V, K>;
  readonly clocks: Clocks;
  readonly namespace: Namespace;
  readonly lease: Lease;
  readonly hold: Hold;
  /** Absent without Redis, and without rounds: then nothing would prove its values. */
  readonly l2: L2<V> | undefined;
  /** Absent where there is no L2 to wait for. */
  readonly herd: Herd | undefined;
  readonly source: Source<K, V>;
  readonly closing: AbortSignal;
  readonly random: () => number;
  readonly events: RegionEvents;
}

export interface ReadOptions {
  readonly fresh?: boolean;
  readonly signal?: AbortSignal;
}

/** A key on its way through L2 and source. */
interface Miss<V, K> {
  readonly key: K;
  readonly encoded: string;
  readonly flight: Flight<V>;
}

/** Whose signal ends a load that nobody waits for any more. A flight makes its own only when it is asked for it. */
interface Waited {
  readonly signal: AbortSignal;
}

/** Time and position before a load: what it reads is at least that new. */
interface Noted {
  readonly asOf: Instant;
  readonly position: Namespace['position'];
}

export class ReadPath<V, K extends Key> {
  readonly #parts: ReadPathParts<V, K>;
  readonly #clocks: Clocks;
  readonly #lease: Lease;
  readonly #l1: L1<V>;
  readonly #flights: Flights<V>;
  readonly #events: RegionEvents;
  /** For loads that go on whoever waits. */
  readonly #always: Waited;
  #hits = 0;

  constructor(parts: ReadPathParts<V, K>) {
    this.#parts = parts;
    this.#clocks = parts.clocks;
    this.#lease = parts.lease;
    this.#events = parts.events;
    this.#always = { signal: parts.closing };
    this.#l1 = new L1(parts.options.maxEntries);
    this.#flights = new Flights(parts.options.maxStalenessMs, parts.clocks);
  }

  get counts(): { readonly entries: number; readonly hits: number } {
    return { entries: this.#l1.size, hits: this.#hits };
  }

  peek(key: K): V | null | undefined {
    const entry = this.#l1.find(key);
    if (entry === undefined) return undefined;
    const clocks = this.#clocks;
    const { boundMs, provedAt } = this.#lease;
    // R1: the rounds vouch for the entry, or it is younger than the bound by itself. Asked on every hit, for a process can be
    // stopped between any two.
    if (!clocks.isWithin(provedAt, boundMs) && !clocks.wasWithin(entry.asOf, boundMs)) return undefined;
    if (clocks.wasReached(entry.refreshAtMs) && !this.#refresh(key, entry)) return undefined;
    if (this.#events.isTraced) this.#events.hit(encodeKey(key));
    this.#hits += 1;
    return entry.value;
  }

  /**
   * Loads the value that comes after this one, beside the readers: none of them waits, and no failure is theirs.
   *
   * @returns false when it is too late for that: the TTL is over
   */
  #refresh(key: K, entry: Entry<V>): boolean {
    const nowMs = this.#clocks.monotonicMs();
    if (nowMs >= entry.expiresAtMs) return false;
    // If it fails, the next attempt comes when half of what is left has passed: few, and the last one just in time.
    entry.refreshAtMs = Math.ceil(nowMs + (entry.expiresAtMs - nowMs) / 2);
    const encoded = encodeKey(key);
    if (this.#flights.joinable(encoded) !== undefined) return true;
    const flight = this.#flights.start(encoded);
    // From the source: L2 holds what is here already.
    void this.#fly([{ key, encoded, flight }], { waited: this.#always, fresh: true });
    return true;
  }

  get(key: K, { fresh = false, signal }: ReadOptions): Promise<V | null> {
    const encoded = encodeKey(key);
    const shared = fresh ? undefined : this.#flights.joinable(encoded);
    if (shared !== undefined) return shared.wait(signal);
    const flight = this.#flights.start(encoded);
    const value = flight.wait(signal);
    void this.#fly([{ key, encoded, flight }], { waited: flight, fresh });
    return value;
  }

  async getMany(keys: readonly K[], { signal }: ReadOptions): Promise<(V | null)[]> {
    const misses: Miss<V, K>[] = [];
    let flights: (Flight<V> | { readonly hit: V | null })[];
    try {
      flights = keys.map((key) => {
        const hit = this.peek(key);
        if (hit !== undefined) return { hit };
        const encoded = encodeKey(key);
        const shared = this.#flights.joinable(encoded);
        if (shared !== undefined) return shared;
        const flight = this.#flights.start(encoded);
        misses.push({ key, encoded, flight });
        return flight;
      });
    } finally {
      // Also when one of the keys is none: others join the flights of those before it, and would wait for ever. And they
      // may have done so already: the caller's signal ends its own waiting only.
      if (misses.length > 0) void this.#fly(misses, { waited: this.#always, fresh: false });
    }
    return Promise.all(
      flights.map((flight) => ('hit' in flight ? Promise.resolve(flight.hit) : flight.wait(signal))),
    );
  }

  /** @returns the last value known, overtaken or not, unless it is older than `upToMs` */
  getLast(encoded: string, upToMs: number): Entry<V> | undefined {
    const last = this.#l1.getLast(encoded);
    const isYoung = last && this.#clocks.isWithin(last.asOf, upToMs);
    return isYoung === true ? last : undefined;
  }

  /** Nothing that was loaded or is being loaded for the keys is served to whoever asks after this; null: all keys. */
  overtake(keys: readonly string[] | null, cause: OvertakeCause): void {
    if (keys === null) {
      // A hint or a write comes before its record, which overtakes once more what was loaded until then; and a reset
      // ends the lease, without which nothing of L2 is accepted.
      if (cause === 'record') this.#parts.herd?.start();
      this.#l1.overtakeAll();
      this.#flights.detachAll();
      return;
    }
    for (const key of keys) {
      this.#l1.overtake(key);
      this.#flights.detach(key);
    }
  }

  /** L2, then the source; each flight lands or crashes, and this never rejects. */
  async #fly(
    misses: readonly Miss<V, K>[],
    { waited, fresh }: { readonly waited: Waited; readonly fresh: boolean },
  ): Promise<void> {
    if (this.#events.isTraced) this.#events.missed(misses.map(({ encoded }) => encoded));
    if (fresh) return this.#load(misses, waited.signal);
    const missing = await this.#readL2(misses);
    if (missing.length === 0) return;
    const askedMs = this.#clocks.monotonicMs();
    const elsewhere = await this.#findLoadedElsewhere(missing);
    const abandoned = waited.signal;
    if (elsewhere.size === 0) return this.#load(missing, abandoned);
    const here = missing.filter((miss) => !elsewhere.has(miss));
    const late = this.#waitForOthers([...elsewhere], { askedMs, abandoned });
    await Promise.all([this.#load(here, abandoned), late.then((left) => this.#load(left, abandoned))]);
  }

  /** @returns in a herd, the misses that another instance is loading right now (R5) */
  async #findLoadedElsewhere(misses: readonly Miss<V, K>[]): Promise<ReadonlySet<Miss<V, K>>> {
    const { herd, hold } = this.#parts;
    if (herd?.isOn !== true || !this.#lease.isLive()) return new Set();
    const taken = await herd.findTaken(misses.map(({ encoded }) => encoded));
    // What this process has just written is not read from L2, so that there is nothing to wait for (R3).
    return new Set(misses.filter(({ encoded }) => taken.has(encoded) && !hold.isHeld(encoded)));
  }

  /** @returns the misses that did not come up in L2 in time */
  async #waitForOthers(
    misses: readonly Miss<V, K>[],
    { askedMs, abandoned }: { readonly askedMs: number; readonly abandoned: AbortSignal },
  ): Promise<readonly Miss<V, K>[]> {
    const { herd, closing } = this.#parts;
    if (herd === undefined || misses.length === 0) return misses;
    let missing = misses;
    const look = async (): Promise<boolean> => {
      missing = await this.#readL2(missing);
      // Who waits for a detached flight came before the next change, and is not kept waiting for what follows it.
      return missing.every(({ flight }) => flight.isDetached);
    };
    await herd.lookAgain(look, { askedMs, ending: AbortSignal.any([abandoned, closing]) });
    return missing;
  }

  async #load(misses: readonly Miss<V, K>[], abandoned: AbortSignal): Promise<void> {
    const size = this.#parts.options.loadManySize;
    const chunks: (readonly Miss<V, K>[])[] = [];
    for (let start = 0; start < misses.length; start += size) chunks.push(misses.slice(start, start + size));
    await Promise.all(chunks.map((chunk) => this.#loadChunk(chunk, abandoned)));
  }

  /** @returns the misses that L2 could not answer */
  async #readL2(misses: readonly Miss<V, K>[]): Promise<readonly Miss<V, K>[]> {
    const { l2, hold, namespace } = this.#parts;
    if (l2 === undefined || !this.#lease.isLive()) return misses;
    const asked = misses.filter(({ encoded }) => !hold.isHeld(encoded));
    if (asked.length === 0) return misses;
    const found = await l2.read(asked.map(({ encoded }) => encoded));
    return misses.filter((miss) => {
      const answer = found.get(miss.encoded);
      // Judged now, when the answer is here: meanwhile the lease may have ended, or a record named the key (R2).
      if (answer === undefined || miss.flight.isDetached) return true;
      if (!this.#lease.isLive()) return true;
      this.#land(miss, answer.value, { asOf: namespace.tidemark.at, from: 'l2' });
      return false;
    });
  }

  async #loadChunk(chunk: readonly Miss<V, K>[], abandoned: AbortSignal): Promise<void> {
    let noted = this.#note();
    const answered = await this.#parts.source
      .loadMany(
        chunk.map(({ key }) => key),
        { begun: () => (noted = this.#note()), abandoned },
      )
      // What fails together is tried alone: one bad key must not fail the others.
      .catch((): ReadonlyMap<K, V | null> => new Map());
    const alone: Promise<void>[] = [];
    for (const miss of chunk) {
      const value = answered.get(miss.key);
      if (value === undefined) alone.push(this.#loadOne(miss, abandoned));
      else this.#keep(miss, value, noted);
    }
    await Promise.all(alone);
  }

  async #loadOne(miss: Miss<V, K>, abandoned: AbortSignal): Promise<void> {
    const { key, encoded, flight } = miss;
    let noted = this.#note();
    try {
      const begun = (): Noted => (noted = this.#note());
      this.#keep(miss, await this.#parts.source.load(key, { encoded, begun, abandoned }), noted);
    } catch (error) {
      this.#flights.finish(encoded, flight);
      flight.crash(error);
    }
  }

  #note(): Noted {
    return { asOf: this.#clocks.instant(), position: this.#parts.namespace.position };
  }

  #keep(miss: Miss<V, K>, value: V | null, { asOf, position }: Noted): void {
    if (!miss.flight.isDetached && position !== null) {
      this.#parts.l2?.fill(miss.encoded, value, { notedAt: position, ttlMs: this.#ttlMs(value) });
    }
    this.#land(miss, value, { asOf, from: 'source' });
  }

  /** Nothing of a detached flight is kept; its waiters came before the invalidation and get their value (R2). */
  #land(
    { encoded, flight }: Miss<V, K>,
    value: V | null,
    { asOf, from }: { readonly asOf: Instant; readonly from: 'l2' | 'source' },
  ): void {
    this.#flights.finish(encoded, flight);
    if (!flight.isDetached) {
      const nowMs = this.#clocks.monotonicMs();
      const ttlMs = this.#ttlMs(value);
      const { refreshAhead } = this.#parts.options;
      const expiresAtMs = Math.round(nowMs + ttlMs);
      const refreshAtMs = Math.round(nowMs + ttlMs * (refreshAhead ?? 1));
      this.#l1.set(encoded, { value, asOf, expiresAtMs, refreshAtMs });
      this.#events.stored(encoded, from);
    }
    flight.land(value);
  }

  /** A tenth of jitter, so that what was filled together does not expire together. */
  #ttlMs(value: V | null): number {
    const { ttlMs, negativeTtlMs } = this.#parts.options;
    return (value === null ? negativeTtlMs : ttlMs) * (0.9 + 0.1 * this.#parts.random());
  }
}
