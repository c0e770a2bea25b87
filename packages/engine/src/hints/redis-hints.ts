// Hints that apps publish when they write: the round that proves the write starts at once.
import { namespaceKeys, parseHint } from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import type { HintHost, HintStatus } from './hint-source.ts';

export interface RedisHintsOptions {
  readonly subscriber: Redis;
  readonly keyPrefix: string;
  readonly host: HintHost;
}

/** Lives as long as the subscriber's connection; apps need no promise that it hears them. */
export class RedisHints {
  readonly #options: RedisHintsOptions;
  readonly #channels = new Set<string>();
  #heard = 0;

  constructor(options: RedisHintsOptions) {
    this.#options = options;
    options.subscriber.on('message', (channel: string, text: string) => {
      if (this.#channels.has(channel)) this.#hear(text);
    });
    // ioredis repeats only subscriptions that had succeeded once; those of before Redis was there were refused.
    options.subscriber.on('ready', () => this.#subscribe([...this.#channels]));
  }

  /** Listens to the apps of one more namespace. */
  listen(namespace: string): void {
    const { keyPrefix } = this.#options;
    const { hints } = namespaceKeys(keyPrefix, namespace);
    if (this.#channels.has(hints)) return;
    this.#channels.add(hints);
    this.#subscribe([hints]);
  }

  #subscribe(channels: readonly string[]): void {
    if (channels.length === 0) return;
    // Refused only while the connection is down, and repeated when it is ready.
    this.#options.subscriber.subscribe(...channels).catch(() => {});
  }

  #hear(text: string): void {
    const hint = parseHint(text);
    if (hint === undefined) return;
    this.#heard += 1;
    if (hint.kind === 'prefix') this.#options.host.watchPrefix(hint.table, hint.prefix);
    else this.#options.host.ring();
  }

  status(): HintStatus {
    const isListening = this.#options.subscriber.status === 'ready';
    return { name: 'apps', state: isListening ? 'listening' : 'joining', heard: this.#heard, silences: 0 };
  }
}
