// Hints that apps publish when they write: the round that proves the write starts at once. And the word of a publisher
// that leaves, for those that stand by.
import { type Clock, type KeyLayout, namespaceKeys, parseHint, Subscriptions } from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import type { HintHost, HintStatus } from './hint-source.ts';

export interface RedisHintsOptions {
  readonly subscriber: Redis;
  /** How keys are spelt where it leads. Default `plain`. */
  readonly layout?: KeyLayout;
  readonly clock: Clock;
  readonly keyPrefix: string;
  readonly host: HintHost;
  /** A publisher of the namespace says that it goes for good, and which head it leaves. */
  readonly onLeaving: (namespace: string, head: string) => void;
}

/** Lives as long as the subscriber's connection; apps need no promise that it hears them. */
export class RedisHints {
  readonly #options: RedisHintsOptions;
  readonly #subscriptions: Subscriptions;
  readonly #namespaces = new Set<string>();
  #heard = 0;

  constructor(options: RedisHintsOptions) {
    this.#options = options;
    this.#subscriptions = new Subscriptions(options);
  }

  /** Listens to the apps of one more namespace. */
  listen(namespace: string): void {
    if (this.#namespaces.has(namespace)) return;
    this.#namespaces.add(namespace);
    const { keyPrefix, layout } = this.#options;
    const { hints, slot } = namespaceKeys(keyPrefix, namespace, layout);
    const isSharded = slot !== undefined;
    void this.#subscriptions.listen(hints, (text) => this.#hear(namespace, text), { isSharded });
  }

  #hear(namespace: string, text: string): void {
    const hint = parseHint(text);
    if (hint === undefined) return;
    this.#heard += 1;
    const { host, onLeaving } = this.#options;
    if (hint.kind === 'leaving') onLeaving(namespace, hint.head);
    else if (hint.kind === 'prefix') host.watchPrefix(hint.table, hint.prefix);
    else host.ring();
  }

  status(): HintStatus {
    const { isListening } = this.#subscriptions;
    return { name: 'apps', state: isListening ? 'listening' : 'joining', heard: this.#heard, silences: 0 };
  }

  /** The connection is its owner's to close. */
  close(): void {
    this.#subscriptions.close();
  }
}

/** Of all connections together: apps are one source of hints, wherever their namespaces are. */
export function statusOfApps(all: readonly RedisHints[]): HintStatus {
  const each = all.map((hints) => hints.status());
  const isListening = each.every(({ state }) => state === 'listening');
  const heard = each.reduce((sum, one) => sum + one.heard, 0);
  return { name: 'apps', state: isListening ? 'listening' : 'joining', heard, silences: 0 };
}
