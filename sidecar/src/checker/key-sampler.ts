// Which key is looked at next: SCAN goes round the whole Redis, a small step at a time and at most one per call; what it
// finds under a watched prefix waits in a short queue. Never KEYS.
import { type NamespaceKeys, spokenKey } from '@tidemark/protocol';
import type { Redis } from 'ioredis';

/** Of one step: some microseconds of Redis. */
const keysPerStep = 100;

export class KeySampler {
  readonly #keyPrefix: string;
  /** On Redis Cluster a tag, and with it the keys of one namespace alone. */
  readonly #pattern: string;
  #cursor = '0';
  #found: string[] = [];

  constructor(keyPrefix: string, { slot }: NamespaceKeys) {
    this.#keyPrefix = keyPrefix;
    this.#pattern = `${slot?.tag ?? keyPrefix}:*`;
  }

  /**
   * At most one command; keys are spelt as the watch spells them.
   *
   * @returns undefined when this step found none; the next one goes on from there
   */
  async next(redis: Redis, isWanted: (key: string) => boolean): Promise<string | undefined> {
    if (this.#found.length === 0) {
      const [cursor, stored] = await redis.scan(this.#cursor, 'MATCH', this.#pattern, 'COUNT', keysPerStep);
      this.#cursor = cursor;
      // SCAN may answer more than it was asked for.
      const keys = stored.map((key) => spokenKey(this.#keyPrefix, key));
      this.#found = keys.filter(isWanted).slice(0, keysPerStep);
    }
    return this.#found.pop();
  }
}
