// One namespace as a publisher and its instances use it: its keys, a head that rounds move, and one value. No journal and
// no cache: what is measured with it is Redis.
import {
  begin,
  connectRedis,
  fill,
  formatHead,
  type Head,
  layoutOf,
  namespaceKeys,
  type NamespaceKeys,
  publish,
  type RedisOption,
  storedKey,
  takeover,
  valueKey,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';

const keyPrefix = 'bench';
const table = 'public.item';
const prefix = `${keyPrefix}:item`;

/** About what a policy takes as JSON. */
const payload = JSON.stringify(['x'.repeat(1_000)]);

export class NamespaceScene implements Disposable {
  readonly keys: NamespaceKeys;
  readonly redis: Redis;
  #head: Head = {
    position: { generation: 1, sequence: 0 },
    floor: 0,
    begun: 0,
    done: 0,
    // As long as a real one.
    watchHash: 'f'.repeat(32),
    tableFloors: new Map(),
  };

  constructor(option: RedisOption, namespace: string) {
    this.keys = namespaceKeys(keyPrefix, namespace, layoutOf(option));
    this.redis = connectRedis(option, { name: 'bench', slotOf: this.keys.head });
  }

  get value(): string {
    return storedKey(this.keys, valueKey(prefix, 'tenant-1'));
  }

  get head(): Head {
    return this.#head;
  }

  async open(): Promise<void> {
    await takeover(this.redis, {
      keys: this.keys,
      expectedHead: await this.redis.get(this.keys.head),
      nextHead: formatHead(this.#head),
      cursor: '{}',
      watch: '{}',
      link: { position: this.#head.position, previous: null, changes: new Map() },
    });
    await this.fill();
  }

  /** One whole round, without the journal. @param keys that changed; 0: nothing did */
  async round(keys: number): Promise<void> {
    const begun = { ...this.#head, begun: this.#head.begun + 1 };
    await begin(this.redis, {
      headKey: this.keys.head,
      expected: formatHead(this.#head),
      next: formatHead(begun),
    });
    const { position } = begun;
    const moved = keys === 0 ? position : { ...position, sequence: position.sequence + 1 };
    const names = Array.from({ length: keys }, (_, at) => `tenant-${at + 2}`);
    this.#head = { ...begun, position: moved, done: begun.begun };
    await publish(this.redis, {
      keys: this.keys,
      expectedHead: formatHead(begun),
      nextHead: formatHead(this.#head),
      cursor: '{"snapshot":"100:100:","server":"bench","watchHash":"bench"}',
      record: keys === 0 ? null : { position: moved, previous: position, changes: new Map([[table, names]]) },
      valueKeys: names.map((name) => storedKey(this.keys, valueKey(prefix, name))),
    });
  }

  /** What a tidemark is made of. */
  async readHead(): Promise<void> {
    await this.redis.multi().role().get(this.keys.head).exec();
  }

  async readValue(): Promise<void> {
    await this.redis.mget(this.keys.head, this.value);
  }

  async fill(): Promise<void> {
    await fill(this.redis, {
      keys: this.keys,
      valueKey: this.value,
      encodedKey: 'tenant-1',
      tables: [table],
      value: { notedAt: this.#head.position, payload },
      ttlMs: 300_000,
    });
  }

  [Symbol.dispose](): void {
    this.redis.disconnect();
  }
}
