// Hints between instances: "I just changed these keys". They make the others drop at once and the sidecar start a round;
// nothing depends on their arrival.
import { formatHint, type Hint, namespaceKeys, parseHint, valueKey } from '@tidemark/protocol';
import type { CacheRedis } from '../redis.ts';
import type { Coherent, Namespace } from './namespace.ts';

/** Keys removed and named at once; more than these go as "the whole region". */
const maxKeys = 1_000;

export interface HintBusOptions {
  readonly redis: CacheRedis;
  readonly keyPrefix: string;
  /** Tells this instance's own hints from the others'. */
  readonly instanceId: string;
}

export class HintBus {
  readonly #options: HintBusOptions;

  constructor(options: HintBusOptions) {
    this.#options = options;
  }

  listen(namespace: Namespace): void {
    const { redis, instanceId } = this.#options;
    void redis.listen(this.#channelOf(namespace), (text) => {
      const hint = parseHint(text);
      if (hint === undefined) namespace.refused.hints += 1;
      if (hint?.kind === 'changed' && hint.sender !== instanceId) namespace.heed(hint.prefix, hint.keys);
    });
  }

  /** Removes the L2 values of the keys and tells everybody, in one round trip; late or lost, nobody waits longer. */
  async tell(namespace: Namespace, region: Coherent, keys: readonly string[] | null): Promise<void> {
    const { redis, instanceId } = this.#options;
    const named = keys !== null && keys.length <= maxKeys ? keys : null;
    const hint: Hint = { kind: 'changed', sender: instanceId, prefix: region.prefix, keys: named };
    await redis.attempt((commands) => {
      const pipeline = commands.pipeline();
      if (named !== null && named.length > 0) {
        pipeline.unlink(...named.map((key) => valueKey(region.prefix, key)));
      }
      return pipeline.publish(this.#channelOf(namespace), formatHint(hint)).exec();
    });
  }

  /** Asks the sidecar to watch the region's prefix; until it does, the region has no lease. */
  async announce(namespace: Namespace, region: Coherent): Promise<void> {
    const { redis } = this.#options;
    await redis.attempt((commands) =>
      Promise.all(
        region.tables.map((table) =>
          commands.publish(
            this.#channelOf(namespace),
            formatHint({ kind: 'prefix', table, prefix: region.prefix }),
          ),
        ),
      ),
    );
  }

  #channelOf(namespace: Namespace): string {
    return namespaceKeys(this.#options.keyPrefix, namespace.name).hints;
  }
}
