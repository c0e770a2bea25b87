// The end of a namespace's log, its head and its watch, as this process saw them last. Reads only; what was published
// before it looked for the first time is not told.
import {
  type Head,
  isSameProgress,
  type LogRecord,
  type NamespaceKeys,
  since,
  type WatchDocument,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';

export class NamespaceTail {
  readonly namespace: string;
  #head: Head | null = null;
  #watch: WatchDocument | null = null;
  #movedMs: number | undefined;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  /** null: no sidecar has run yet, or Redis lost it. */
  get head(): Head | null {
    return this.#head;
  }

  get watch(): WatchDocument | null {
    return this.#watch;
  }

  /** How long no round was done, as far as this process could see; null: it has not looked yet. */
  stillMs(nowMs: number): number | null {
    return this.#movedMs === undefined ? null : nowMs - this.#movedMs;
  }

  /** @returns the records since the last reading, oldest first; none when the log does not reach back so far */
  async read(redis: Redis, keys: NamespaceKeys, nowMs: number): Promise<readonly LogRecord[]> {
    this.#movedMs ??= nowMs;
    const reply = await since(redis, {
      keys,
      position: this.#head?.position ?? null,
      knownWatchHash: this.#watch?.hash ?? null,
    });
    if (reply === undefined) {
      this.#head = null;
      return [];
    }
    if (this.#head === null || !isSameProgress(this.#head, reply.head)) this.#movedMs = nowMs;
    // Records and head are of one moment, so that the next reading goes on exactly behind these.
    this.#head = reply.head;
    if (reply.watch !== null) this.#watch = reply.watch;
    return reply.records ?? [];
  }
}
