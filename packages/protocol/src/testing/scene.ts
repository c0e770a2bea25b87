// A namespace of its own in a real Redis, written to as a sidecar does: heads, cursors and records that follow each
// other. What a test wants to break, it breaks through `redis`.
import { randomUUID } from 'node:crypto';
import type { RedisPlace } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { publish } from '../scripts/publish.ts';
import { takeover } from '../scripts/takeover.ts';
import type { Changes } from '../wire/changes.ts';
import { formatHead, type Head } from '../wire/head.ts';
import { namespaceKeys, type NamespaceKeys, storedKey } from '../wire/key.ts';
import type { Position } from '../wire/position.ts';
import type { LogRecord } from '../wire/record.ts';
import { formatWatch, type WatchDocument } from '../wire/watch.ts';

export const itemTable = 'public.item';

export class Scene {
  readonly keyPrefix: string;
  readonly keys: NamespaceKeys;
  readonly redis: Redis;
  readonly watch: WatchDocument;
  #head: Head | undefined;

  private constructor(keys: NamespaceKeys, keyPrefix: string, url: string) {
    this.keyPrefix = keyPrefix;
    this.keys = keys;
    this.redis = new Redis(url);
    this.watch = {
      hash: 'watch-1',
      roundEveryMs: 100,
      tables: new Map([
        [itemTable, { namespace: 'main', prefixes: [`${this.keyPrefix}:item`], problem: null }],
      ]),
    };
  }

  static async in(place: RedisPlace): Promise<Scene> {
    // The server may be one that other runs use, too.
    const keyPrefix = `scene-${randomUUID()}`;
    const keys = namespaceKeys(keyPrefix, 'main', place.layout);
    return new Scene(keys, keyPrefix, await place.urlOf(keys.head));
  }

  get head(): Head {
    if (this.#head === undefined) throw new Error('open a generation first');
    return this.#head;
  }

  get headText(): string {
    return formatHead(this.head);
  }

  /** Opens a generation over whatever head there is. @param previous null: a link to nothing */
  async open(generation: number, previous: Position | null = null): Promise<boolean> {
    const next = headAt({ generation, sequence: 0 });
    const isDone = await takeover(this.redis, {
      keys: this.keys,
      expectedHead: await this.redis.get(this.keys.head),
      nextHead: formatHead(next),
      cursor: `cursor ${generation}`,
      watch: formatWatch(this.watch),
      link: { position: next.position, previous, changes: new Map() },
    });
    if (isDone) this.#head = next;
    return isDone;
  }

  /** The record that would follow the head. */
  record(changes: Changes): LogRecord {
    const { position } = this.head;
    return { position: { ...position, sequence: position.sequence + 1 }, previous: position, changes };
  }

  /** One round with these changes. */
  async publish(changes: Changes, valueKeys: readonly string[] = []): Promise<boolean> {
    const record = this.record(changes);
    const next: Head = { ...this.head, position: record.position };
    const isDone = await publish(this.redis, {
      keys: this.keys,
      expectedHead: this.headText,
      nextHead: formatHead(next),
      cursor: `cursor ${record.position.sequence}`,
      record,
      valueKeys,
    });
    if (isDone) this.#head = next;
    return isDone;
  }

  async publishMany(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1)
      await this.publish(new Map([[itemTable, [`other-${index}`]]]));
  }

  valueKey(key: string): string {
    return storedKey(this.keys, `${this.keyPrefix}:item:${key}`);
  }

  /** Everything the scripts may write, to see that a refused one wrote nothing. */
  async everything(): Promise<unknown> {
    const { head, cursor, watch, log } = this.keys;
    const texts = await this.redis.mget(head, cursor, watch);
    return [texts, await this.redis.xrange(log, '-', '+').catch(String)];
  }

  /** Messages on the channel of the records from now on. */
  async listen(): Promise<{ readonly messages: string[]; close(): void }> {
    const messages: string[] = [];
    const subscriber = this.redis.duplicate();
    for (const event of ['message', 'smessage']) {
      subscriber.on(event, (_channel: string, text: string) => messages.push(text));
    }
    if (this.keys.slot === undefined) await subscriber.subscribe(this.keys.records);
    else await subscriber.ssubscribe(this.keys.records);
    return { messages, close: () => subscriber.disconnect() };
  }

  /** A message on that channel, of the test itself. */
  async say(text: string): Promise<void> {
    const { records, slot } = this.keys;
    await (slot === undefined ? this.redis.publish(records, text) : this.redis.spublish(records, text));
  }

  close(): void {
    this.redis.disconnect();
  }
}

export function headAt(position: Position): Head {
  return { position, floor: 0, begun: 0, done: 0, watchHash: 'watch-1', tableFloors: new Map() };
}
