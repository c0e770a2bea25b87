// The source of a region: the user's loaders, with a deadline, a limit on how many run at once, and a pause before a
// key that just failed is tried again. Errors are never cached; only the source's own failure reaches a caller (R4).
import { type Clock, deadlineIn, type Random, sleep, TidemarkError } from '@tidemark/protocol';
import { LRUCache } from 'lru-cache';
import { deepFreeze } from './freeze.ts';

export interface LoadContext {
  /** Aborts at the deadline, when the last waiter has left, and when the cache is closed. Pass it on. */
  readonly signal: AbortSignal;
}

interface Loaders<K, V> {
  readonly load: (key: K, context: LoadContext) => Promise<V | null>;
  /**
   * A key that is mapped to null is absent; a key that is not in the map was not answered (the API may have cut the
   * list short) and is loaded alone.
   */
  readonly loadMany:
    | ((keys: readonly K[], context: LoadContext) => Promise<ReadonlyMap<K, V | null>>)
    | undefined;
}

export interface SourceOptions<K, V> extends Loaders<K, V> {
  readonly name: string;
  readonly loadTimeoutMs: number;
  readonly maxConcurrentLoads: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly closing: AbortSignal;
}

const backOffMs = { first: 20, most: 2_000 };

/** Loads that wait for their turn; more than this means that the source is far behind, and waiting makes it worse. */
const maxWaiting = 10_000;

/** Keys whose failures are remembered; the oldest are forgotten, which only costs a pause. */
const maxFailing = 1_000;

export interface LoadCall {
  /** Called right before the loader: what it notes (time, position) is before the read. */
  readonly begun: () => void;
  /** Nobody waits any more. */
  readonly abandoned: AbortSignal;
}

export class Source<K, V> {
  readonly #options: SourceOptions<K, V>;
  readonly #failures = new LRUCache<string, number>({ max: maxFailing });
  /** Starts of loads, in the order in which they came. */
  readonly #waiting = new Set<() => void>();
  #running = 0;
  #loads = 0;

  constructor(options: SourceOptions<K, V>) {
    this.#options = options;
  }

  /** Calls of a loader since the start. */
  get loads(): number {
    return this.#loads;
  }

  /** @throws TidemarkError `SOURCE_OVERLOADED`, `LOAD_TIMEOUT`, `CACHE_CLOSED`; and whatever the loader throws */
  async load(key: K, call: LoadCall & { readonly encoded: string }): Promise<V | null> {
    const { encoded, begun, abandoned } = call;
    const failures = this.#failures.get(encoded) ?? 0;
    if (failures > 0) await this.#backOff(failures, abandoned);
    try {
      const value = await this.#limited(abandoned, (context) => {
        begun();
        return this.#options.load(key, context);
      });
      this.#failures.delete(encoded);
      return deepFreeze(value ?? null);
    } catch (error) {
      if (!abandoned.aborted) this.#failures.set(encoded, failures + 1);
      throw error;
    }
  }

  /** @returns what the source answered; keys that are missing were not answered. Without `loadMany`: nothing at all */
  async loadMany(keys: readonly K[], { begun, abandoned }: LoadCall): Promise<ReadonlyMap<K, V | null>> {
    const { loadMany } = this.#options;
    if (loadMany === undefined || keys.length === 1) return new Map();
    const loaded = await this.#limited(abandoned, (context) => {
      begun();
      return loadMany(keys, context);
    });
    // Whoever has no types may return a list: it says nothing of any key, and each is loaded alone.
    if (typeof loaded.get !== 'function') return new Map();
    for (const value of loaded.values()) deepFreeze(value);
    return loaded;
  }

  async #backOff(failures: number, abandoned: AbortSignal): Promise<void> {
    const { clock, random, closing } = this.#options;
    const delayMs = Math.min(backOffMs.most, backOffMs.first * 2 ** (failures - 1));
    await sleep(clock, delayMs * (0.5 + random() / 2), AbortSignal.any([abandoned, closing]));
  }

  async #limited<T>(abandoned: AbortSignal, run: (context: LoadContext) => Promise<T>): Promise<T> {
    const { name, maxConcurrentLoads, clock, loadTimeoutMs, closing } = this.#options;
    if (this.#running < maxConcurrentLoads) this.#running += 1;
    else await this.#turn();
    using deadline = deadlineIn(clock, loadTimeoutMs, abandoned, closing);
    try {
      // Ended while it waited for its turn: the loader is not bothered any more.
      deadline.signal.throwIfAborted();
      this.#loads += 1;
      return await untilAborted(run({ signal: deadline.signal }), deadline.signal);
    } catch (error) {
      if (closing.aborted) {
        throw new TidemarkError(`the cache was closed while region "${name}" was loading`, {
          code: 'CACHE_CLOSED',
          cause: error,
        });
      }
      if (!deadline.signal.aborted || abandoned.aborted) throw error;
      throw new TidemarkError(
        `the loader of region "${name}" must answer within loadTimeout (${loadTimeoutMs} ms): look at the source, or raise loadTimeout`,
        { code: 'LOAD_TIMEOUT', cause: error },
      );
    } finally {
      // The place goes to the next in line, or is free.
      const [next] = this.#waiting;
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  /** The loader's own time begins with its turn; the wait for it may be as long, and no longer (R4). */
  #turn(): Promise<void> {
    const { name, maxConcurrentLoads, clock, loadTimeoutMs } = this.#options;
    const behind = `behind ${maxConcurrentLoads} running ones: the source is too slow`;
    if (this.#waiting.size >= maxWaiting) {
      throw overloaded(`region "${name}" has ${maxWaiting} loads waiting ${behind}`);
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const start = (): void => {
      this.#waiting.delete(start);
      cancel();
      resolve();
    };
    const cancel = clock.schedule(loadTimeoutMs, () => {
      this.#waiting.delete(start);
      reject(overloaded(`a load of region "${name}" waited ${loadTimeoutMs} ms ${behind}`));
    });
    this.#waiting.add(start);
    return promise;
  }
}

function overloaded(sentence: string): TidemarkError {
  return new TidemarkError(sentence, { code: 'SOURCE_OVERLOADED' });
}

/** A loader that passes over its signal must not hold its waiters beyond the deadline. */
function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    // Nobody else has the signal of a load for longer than the load: the listener needs not be taken back.
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    promise.then(resolve, reject);
  });
}
