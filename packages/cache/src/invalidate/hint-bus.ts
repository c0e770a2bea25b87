// Hints between instances: "I just changed these keys". They make the others drop at once and the sidecar start a round;
// nothing depends on their arrival.
import {
  type Hint,
  namespaceKeys,
  type NamespaceKeys,
  parseHint,
  storedKey,
  tell,
  valueKey,
} from '@tidemark/protocol';
import type { CacheRedis } from '../redis.ts';
import type { Coherent, Namespace } from './namespace.ts';

/** Keys removed and named at once; more than these go as "the whole region". */
const maxKeys = 1_000;

export interface HintBusOptions {
  readonly redis: CacheRedis;
  readonly namespace: Namespace;
  readonly keyPrefix: string;
  /** Tells this instance's own hints from the others'. */
  readonly instanceId: string;
}

/** Of one namespace. */
export class HintBus {
  readonly #options: HintBusOptions;
  readonly #keys: NamespaceKeys;

  constructor(options: HintBusOptions) {
    const { redis, namespace, keyPrefix, instanceId } = options;
    this.#options = options;
    this.#keys = namespaceKeys(keyPrefix, namespace.name, redis.layout);
    const isSharded = this.#keys.slot !== undefined;
    const hear = (text: string): void => {
      const hint = parseHint(text);
      if (hint === undefined) namespace.refused.hints += 1;
      if (hint?.kind === 'changed' && hint.sender !== instanceId) namespace.heed(hint.prefix, hint.keys);
    };
    void redis.listen(this.#keys.hints, hear, { isSharded });
  }

  /** Removes the L2 values of the keys and tells everybody, in one round trip; late or lost, nobody waits longer. */
  async tell(region: Coherent, keys: readonly string[] | null): Promise<void> {
    const { redis, instanceId } = this.#options;
    const named = keys !== null && keys.length <= maxKeys ? keys : null;
    const hint: Hint = { kind: 'changed', sender: instanceId, prefix: region.prefix, keys: named };
    const valueKeys = (named ?? []).map((key) => storedKey(this.#keys, valueKey(region.prefix, key)));
    await redis.attempt((commands) => tell(commands, { keys: this.#keys, hint, valueKeys }));
  }

  /** Asks the sidecar to watch the region's prefix; until it does, the region has no lease. */
  async announce({ tables, prefix }: Coherent): Promise<void> {
    await this.#options.redis.attempt((commands) =>
      Promise.all(
        tables.map((table) => tell(commands, { keys: this.#keys, hint: { kind: 'prefix', table, prefix } })),
      ),
    );
  }
}
