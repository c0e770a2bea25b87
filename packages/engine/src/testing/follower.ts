// What a listener does with the records of a namespace, and nothing else: it follows pub/sub, fills gaps from the log, and
// starts anew where the chain is broken. The checker of what publishers write: a change that is neither in a record that
// it applied nor before a reset would have been lost for an instance, too (R2).
import { once } from 'node:events';
import {
  comparePositions,
  connectRedis,
  type LogRecord,
  type NamespaceKeys,
  parseMessage,
  type Position,
  since,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';

interface Moment {
  readonly atMs: number;
}

export class Follower {
  readonly applied: (LogRecord & Moment)[] = [];
  readonly resets: Moment[] = [];
  readonly keys: NamespaceKeys;
  /** Where it stands; null before it has seen a head. */
  position: Position | null = null;
  readonly #commands: Redis;
  readonly #subscriber: Redis;
  /** One thing after the other, as in an instance. */
  #queue: Promise<void> = Promise.resolve();

  constructor(url: string, keys: NamespaceKeys) {
    this.keys = keys;
    this.#commands = connectRedis(url, { name: 'follower', commandTimeoutMs: 1_000 });
    this.#subscriber = connectRedis(url, { name: 'follower-records', isSubscriber: true });
    this.#subscriber.on('ready', () => {
      this.#subscriber.subscribe(this.keys.records).catch(() => {});
    });
    this.#subscriber.on('message', (_channel: string, text: string) => {
      const record = parseMessage(text);
      if (record !== undefined) this.#enqueue(() => this.#hear(record));
    });
  }

  /** Resolves when it hears records and stands somewhere, if there is a head. */
  async start(): Promise<void> {
    await this.#subscriber.subscribe(this.keys.records);
    if (this.#commands.status !== 'ready') await once(this.#commands, 'ready');
    await this.catchUp();
  }

  /** Reads the head and what is missing up to it, as an instance does every moment. */
  catchUp(): Promise<void> {
    this.#enqueue(() => this.#resync());
    return this.#queue;
  }

  /** Whether a record named the key of the table, or the whole table. */
  hasHeard(table: string, key: string): boolean {
    return this.applied.some(({ changes }) => {
      const keys = changes.get(table);
      return keys === null || keys?.includes(key) === true;
    });
  }

  close(): void {
    this.#commands.disconnect();
    this.#subscriber.disconnect();
  }

  #enqueue(task: () => Promise<void>): void {
    // Redis may be away; what is missed then, the next look at the head reveals.
    this.#queue = this.#queue.then(task).catch(() => {});
  }

  async #hear(record: LogRecord): Promise<void> {
    if (this.position !== null && comparePositions(record.position, this.position) <= 0) return;
    if (this.#follows(record)) this.#apply(record);
    else await this.#resync();
  }

  async #resync(): Promise<void> {
    const reply = await since(this.#commands, {
      keys: this.keys,
      position: this.position,
      knownWatchHash: null,
    });
    if (reply === undefined) return;
    const { head, records } = reply;
    // A Redis that went back says nothing about what this follower knows; the next generation will.
    if (this.position !== null && comparePositions(head.position, this.position) <= 0) return;
    for (const record of records ?? []) if (this.#follows(record)) this.#apply(record);
    if (this.position !== null && comparePositions(this.position, head.position) >= 0) return;
    this.position = head.position;
    this.resets.push({ atMs: performance.now() });
  }

  #follows({ previous }: LogRecord): boolean {
    return previous !== null && this.position !== null && comparePositions(previous, this.position) === 0;
  }

  #apply(record: LogRecord): void {
    this.position = record.position;
    this.applied.push({ ...record, atMs: performance.now() });
  }
}
