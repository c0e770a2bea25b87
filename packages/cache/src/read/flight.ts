// Single flight: concurrent readers of a key share one load (R5). A flight that an invalidation overtook is detached:
// who waits for it gets its value, nobody joins it any more, nothing of it is kept (R2).
import type { Clocks, Instant } from '../clocks.ts';

export class Flight<V> {
  readonly startedAt: Instant;
  readonly #outcome = Promise.withResolvers<V | null>();
  /** Made for who asks for it: a value from L2 comes without. */
  #abandoned: AbortController | undefined;
  #isAbandoned = false;
  #isDetached = false;
  #isSettled = false;
  #waiters = 0;

  constructor(startedAt: Instant) {
    this.startedAt = startedAt;
  }

  /** Aborts when the last waiter has left. */
  get signal(): AbortSignal {
    this.#abandoned ??= new AbortController();
    if (this.#isAbandoned) this.#abandoned.abort();
    return this.#abandoned.signal;
  }

  get isDetached(): boolean {
    return this.#isDetached;
  }

  get isAbandoned(): boolean {
    return this.#isAbandoned;
  }

  detach(): void {
    this.#isDetached = true;
  }

  land(value: V | null): void {
    this.#isSettled = true;
    this.#outcome.resolve(value);
  }

  crash(reason: unknown): void {
    this.#isSettled = true;
    // A load that fails after its last waiter left is nobody's error; else it is that of whoever waits.
    if (this.#waiters === 0) this.#outcome.promise.catch(() => {});
    this.#outcome.reject(reason);
  }

  /** Waits for the value; the caller's signal ends its waiting, and the load when nobody else waits. */
  wait(signal?: AbortSignal): Promise<V | null> {
    if (signal !== undefined) return this.#waitUntil(signal);
    // Without a signal nobody leaves.
    this.#waiters += 1;
    return this.#outcome.promise;
  }

  async #waitUntil(signal: AbortSignal): Promise<V | null> {
    this.#waiters += 1;
    try {
      return await raceAbort(this.#outcome.promise, signal);
    } finally {
      this.#waiters -= 1;
      if (this.#waiters === 0 && !this.#isSettled) this.#abandon();
    }
  }

  #abandon(): void {
    this.#isAbandoned = true;
    this.#abandoned?.abort();
  }
}

async function raceAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

export class Flights<V> {
  readonly #byKey = new Map<string, Flight<V>>();
  /** A value may be as old as its flight when it is joined: half the bound is left for the flight itself (R1). */
  readonly #joinableMs: number;
  readonly #clocks: Clocks;

  constructor(maxStalenessMs: number, clocks: Clocks) {
    this.#joinableMs = maxStalenessMs / 2;
    this.#clocks = clocks;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** @returns the flight that a reader of now may share: by both clocks, a load may have slept with the machine */
  joinable(key: string): Flight<V> | undefined {
    const flight = this.#byKey.get(key);
    if (flight === undefined || flight.isAbandoned) return undefined;
    return this.#clocks.isWithin(flight.startedAt, this.#joinableMs) ? flight : undefined;
  }

  /** The new flight replaces an older one of the key, which is detached: its value must not follow a newer one. */
  start(key: string): Flight<V> {
    this.detach(key);
    const flight = new Flight<V>(this.#clocks.instant());
    this.#byKey.set(key, flight);
    return flight;
  }

  finish(key: string, flight: Flight<V>): void {
    if (this.#byKey.get(key) === flight) this.#byKey.delete(key);
  }

  detach(key: string): void {
    const flight = this.#byKey.get(key);
    if (flight === undefined) return;
    flight.detach();
    this.#byKey.delete(key);
  }

  detachAll(): void {
    for (const flight of this.#byKey.values()) flight.detach();
    this.#byKey.clear();
  }
}
