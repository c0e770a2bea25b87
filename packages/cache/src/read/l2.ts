// L2: the values of one region in Redis. Read together with the head, accepted only when the two prove that nothing has
// overtaken the value; filled only through the fence.
import {
  comparePositions,
  fill,
  type Head,
  isAboveFloors,
  namespaceKeys,
  type NamespaceKeys,
  parseHead,
  parseValue,
  type Position,
  valueKey,
} from '@tidemark/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CacheRedis } from '../redis.ts';
import type { Namespace } from '../invalidate/namespace.ts';
import { deepFreeze } from './freeze.ts';

export interface L2Options<V> {
  readonly redis: CacheRedis;
  readonly namespace: Namespace;
  readonly keyPrefix: string;
  readonly prefix: string;
  readonly tables: readonly string[];
  readonly schema: StandardSchemaV1<unknown, V> | undefined;
}

/** A larger value is not shared: it would block Redis and every reader behind it. */
const maxPayloadBytes = 1_048_576;

export interface Found<V> {
  readonly value: V | null;
}

export class L2<V> {
  readonly #options: L2Options<V>;
  readonly #keys: NamespaceKeys;
  #lastHead: { readonly text: string; readonly head: Head | undefined } = { text: '', head: undefined };
  #hits = 0;
  #refused = 0;

  constructor(options: L2Options<V>) {
    this.#options = options;
    this.#keys = namespaceKeys(options.keyPrefix, options.namespace.name);
  }

  get counts(): { readonly hits: number; readonly refused: number } {
    return { hits: this.#hits, refused: this.#refused };
  }

  /** One MGET of head and values. @returns by key what may be served at this instance's position */
  async read(keys: readonly string[]): Promise<ReadonlyMap<string, Found<V>>> {
    const { redis, prefix } = this.#options;
    const { epoch } = redis;
    const names = keys.map((key) => valueKey(prefix, key));
    const reply = await redis.attempt((commands) => commands.mget(this.#keys.head, ...names));
    const found = new Map<string, Found<V>>();
    if (reply === undefined || epoch !== redis.epoch) return found;
    const head = this.#parseHead(reply[0] ?? '');
    if (head === undefined || !this.#isAtOrPast(head)) return found;
    for (const [index, key] of keys.entries()) {
      const text = reply[index + 1];
      const value = typeof text === 'string' ? await this.#accept(head, names[index] ?? '', text) : undefined;
      if (value === undefined) continue;
      this.#hits += 1;
      found.set(key, value);
    }
    return found;
  }

  /** The head changes a few times a second, reads are far more frequent. */
  #parseHead(text: string): Head | undefined {
    if (text !== this.#lastHead.text) this.#lastHead = { text, head: parseHead(text) };
    return this.#lastHead.head;
  }

  /** A head of another generation, or behind what was applied here, vouches for nothing. */
  #isAtOrPast(head: Head): boolean {
    const { position } = this.#options.namespace;
    return (
      position !== null &&
      head.position.generation === position.generation &&
      head.position.sequence >= position.sequence
    );
  }

  async #accept(head: Head, name: string, text: string): Promise<Found<V> | undefined> {
    const { tables, schema } = this.#options;
    const stored = parseValue(name, text);
    if (
      stored === undefined ||
      !isAboveFloors(head, stored.notedAt, tables) ||
      comparePositions(stored.notedAt, head.position) > 0
    ) {
      this.#refused += 1;
      return undefined;
    }
    const payload = parsePayload(stored.payload);
    if (payload === undefined) {
      this.#refused += 1;
      return undefined;
    }
    if (payload === null) return { value: null };
    if (schema === undefined) return { value: deepFreeze(payload as V) };
    const result = await schema['~standard'].validate(payload);
    if (result.issues === undefined) return { value: deepFreeze(result.value) };
    this.#refused += 1;
    return undefined;
  }

  /** Stores a loaded value, unless something may have overtaken it since `notedAt`. Nobody waits for it. */
  fill(
    key: string,
    value: V | null,
    { notedAt, ttlMs }: { readonly notedAt: Position; readonly ttlMs: number },
  ): void {
    const { redis, prefix, tables } = this.#options;
    const payload = JSON.stringify(value);
    if (payload === undefined || payload.length > maxPayloadBytes) return;
    void redis.attempt((commands) =>
      fill(commands, {
        keys: this.#keys,
        valueKey: valueKey(prefix, key),
        encodedKey: key,
        tables,
        value: { notedAt, payload },
        ttlMs,
      }),
    );
  }
}

/** @returns undefined for what is not JSON */
function parsePayload(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
