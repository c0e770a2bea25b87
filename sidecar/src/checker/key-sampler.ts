// Which key is looked at next: SCAN goes round the whole Redis, a small step at a time and at most one per call; what it
// finds under a watched prefix waits in a short queue. Never KEYS.
import type { Redis } from 'ioredis';

/** Of one step: some microseconds of Redis. */
const keysPerStep = 100;

export class KeySampler {
  readonly #keyPrefix: string;
  #cursor = '0';
  #found: string[] = [];

  constructor(keyPrefix: string) {
    this.#keyPrefix = keyPrefix;
  }

  /**
   * At most one command.
   *
   * @returns undefined when this step found none; the next one goes on from there
   */
  async next(redis: Redis, isWanted: (key: string) => boolean): Promise<string | undefined> {
    if (this.#found.length === 0) {
      const pattern = `${this.#keyPrefix}:*`;
      const [cursor, keys] = await redis.scan(this.#cursor, 'MATCH', pattern, 'COUNT', keysPerStep);
      this.#cursor = cursor;
      // SCAN may answer more than it was asked for.
      this.#found = keys.filter(isWanted).slice(0, keysPerStep);
    }
    return this.#found.pop();
  }
}
