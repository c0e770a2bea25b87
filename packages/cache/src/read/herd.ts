// A herd: right after a record overtook a whole region, every instance misses every key at the same time. One of them takes
// the ticket of a key and loads it; the others look into L2 a few times before they load it themselves (R5). A ticket is
// no lock and proves nothing: it only says who loads first. What may be served is decided where it always is.
import { type Clock, formatPosition, namespaceKeys, sleep, ticketKey, valueKey } from '@tidemark/protocol';
import type { Namespace } from '../invalidate/namespace.ts';
import type { CacheRedis } from '../redis.ts';

export interface HerdOptions {
  readonly redis: CacheRedis;
  readonly namespace: Namespace;
  readonly clock: Clock;
  readonly keyPrefix: string;
  /** Of the region's L2 values. */
  readonly prefix: string;
}

export interface HerdWait {
  /** When the tickets were asked for, monotonic: the time of the wait counts from there. */
  readonly askedMs: number;
  /** Ends the wait at once. */
  readonly ending: AbortSignal;
}

/** Misses so soon after the overtaking are a herd's; later ones are ordinary, and ask for no ticket. */
const herdMs = 1_000;

/** Before each look: a near source answers within the first ones. */
const pausesMs = [5, 10, 20, 40, 80];

/**
 * From asking for the ticket to the end of the last pause: what a slow or dead holder costs the others. A Redis that is
 * slow as well takes its part of it, and beyond it the answer to the last look, with its own deadline (R4).
 */
const waitMs = pausesMs.reduce((sum, pauseMs) => sum + pauseMs);

/** A little longer than the looks: who comes while the others wait, waits as well. */
const ticketMs = 200;

export class Herd {
  readonly #options: HerdOptions;
  #startedMs = Number.NEGATIVE_INFINITY;
  #since = '';

  constructor(options: HerdOptions) {
    this.#options = options;
  }

  /** A record overtakes the whole region, and the position is still the one before it. */
  start(): void {
    const { clock, namespace } = this.#options;
    this.#startedMs = clock.monotonicMs();
    // The same on every instance that hears the record: the tickets of one herd are none of the next.
    if (namespace.position !== null) this.#since = formatPosition(namespace.position);
  }

  get isOn(): boolean {
    return this.#options.clock.monotonicMs() < this.#startedMs + herdMs;
  }

  /** Asks for the tickets of the keys, in one round trip. @returns keys whose ticket another instance holds */
  async findTaken(keys: readonly string[]): Promise<ReadonlySet<string>> {
    const { redis, namespace, keyPrefix, prefix } = this.#options;
    const space = namespaceKeys(keyPrefix, namespace.name, redis.layout);
    const replies = await redis.attempt((commands) =>
      Promise.all(
        keys.map((key) => {
          const ticket = ticketKey(space, `${this.#since}:${valueKey(prefix, key)}`);
          return commands.set(ticket, '', 'PX', ticketMs, 'NX');
        }),
      ),
    );
    // Without an answer nobody waits (R4).
    return new Set(keys.filter((_, index) => replies?.[index] === null));
  }

  /** Calls `look` after each pause, until it says that there is nothing to wait for, or Redis fails, or the wait ends. */
  async lookAgain(look: () => Promise<boolean>, wait: HerdWait): Promise<void> {
    const { clock, redis } = this.#options;
    const { askedMs, ending } = wait;
    for (const pauseMs of pausesMs) {
      const leftMs = askedMs + waitMs - clock.monotonicMs();
      if (leftMs <= 0) return;
      await sleep(clock, Math.min(pauseMs, leftMs), ending);
      if (ending.aborted || !redis.isUsable || (await look())) return;
    }
  }
}
