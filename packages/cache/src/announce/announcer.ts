// Announces the instance in Redis: at each connection, then every few seconds, and takes it back at the end. Never on the
// read path: what fails here is told once, and neither counted as an error of Redis nor waited for by a read (R4).
import {
  announce,
  type Announcement,
  type AnnouncementPlace,
  type Clock,
  type Logger,
  withdraw,
} from '@tidemark/protocol';
import type { CacheRedis } from '../redis.ts';

/** Often enough for a page that people watch, at two small writes. */
export const announceEveryMs = 2_000;

export interface AnnouncerOptions {
  readonly redis: CacheRedis;
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What there is to tell now. */
  readonly describe: () => Announcement;
  /** How long `close` waits for Redis at most. */
  readonly closeTimeoutMs: number;
}

export class Announcer {
  readonly #options: AnnouncerOptions;
  #cancel: (() => void) | undefined;
  #announced: string | undefined;
  #isFailing = false;
  #isClosed = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
    options.redis.commands.on('ready', () => this.#announce());
  }

  #tell(run: (place: AnnouncementPlace) => Promise<void>): Promise<void> {
    const { redis, keyPrefix } = this.#options;
    return redis.ask((commands) => run({ redis: commands, keyPrefix, layout: redis.layout }));
  }

  /** The next one is planned first, so that a Redis that is slow is not asked more often. */
  #announce(): void {
    if (this.#isClosed) return;
    const { redis, clock } = this.#options;
    this.#cancel?.();
    this.#cancel = undefined;
    // A new connection begins anew.
    if (!redis.isConnected) return;
    this.#cancel = clock.schedule(announceEveryMs, () => this.#announce());
    void this.#send();
  }

  async #send(): Promise<void> {
    const { redis, logger, describe } = this.#options;
    const announcement = describe();
    try {
      this.#announced = announcement.instanceId;
      await this.#tell((place) => announce(place, announcement));
      this.#isFailing = false;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      // A lost connection is told by whoever owns it.
      if (!this.#isFailing && redis.isConnected && !this.#isClosed) {
        logger.warn({ reason }, 'the instance could not announce itself; reads do not depend on it');
      }
      this.#isFailing = true;
    }
  }

  /** Takes the announcement back, if Redis answers in time; else its TTL ends it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancel?.();
    const { redis, clock, closeTimeoutMs } = this.#options;
    const announced = this.#announced;
    if (announced === undefined || !redis.isConnected) return;
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const cancel = clock.schedule(closeTimeoutMs, resolve);
    const withdrawn = this.#tell((place) => withdraw(place, announced)).catch(() => {});
    await Promise.race([withdrawn, late]);
    cancel();
  }
}
