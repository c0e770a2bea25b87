// What a process holds of Redis for its namespaces: one of it for all of them, and on a Redis Cluster one for each, because
// each namespace is one slot with a master of its own. Opens on demand; what it holds is its owner's to close.
import { type KeyLayout, namespaceKeys } from '../wire/key.ts';

export interface ByNamespaceOptions<T> {
  readonly layout: KeyLayout;
  readonly keyPrefix: string;
  /**
   * @param namespace the one that was asked for first; the others follow it where one server holds all
   * @param slotOf for the option of the same name of `connectRedis`
   */
  readonly open: (namespace: string, slotOf: string) => T;
}

export class ByNamespace<T> {
  readonly #options: ByNamespaceOptions<T>;
  readonly #opened = new Map<string, T>();

  constructor(options: ByNamespaceOptions<T>) {
    this.#options = options;
  }

  get layout(): KeyLayout {
    return this.#options.layout;
  }

  of(namespace: string): T {
    const { layout, keyPrefix, open } = this.#options;
    const place = layout === 'plain' ? '' : namespace;
    const known = this.#opened.get(place);
    if (known !== undefined) return known;
    const opened = open(namespace, namespaceKeys(keyPrefix, namespace, layout).head);
    this.#opened.set(place, opened);
    return opened;
  }

  /** What was asked for until now. */
  get opened(): readonly T[] {
    return [...this.#opened.values()];
  }
}
