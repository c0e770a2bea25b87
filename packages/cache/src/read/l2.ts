// L2: the values of one region in Redis. Read together with the head, accepted only when the two prove that nothing has
// overtaken the value; filled only through the fence.
import {
  comparePositions,
  fill,
  type FillCall,
  formatPayload,
  type Head,
  isAboveFloors,
  namespaceKeys,
  type NamespaceKeys,
  parseHead,
  parsePayload,
  parseValue,
  type Position,
  storedKey,
  valueKey,
  valueOwner,
} from '@tidemark/protocol';
import type { StandardSchemaV1 } from '@standard-schema/spec';
import type { CacheRedis } from '../redis.ts';
import type { Namespace } from '../invalidate/namespace.ts';
import { deepFreeze, freezeParsed } from './freeze.ts';

export interface L2Options<V> {
  readonly redis: CacheRedis;
  readonly namespace: Namespace;
  readonly keyPrefix: string;
  readonly prefix: string;
  readonly tables: readonly string[];
  readonly schema: StandardSchemaV1<unknown, V> | undefined;
}

/** A larger value is not shared: it would block Redis and every reader behind it. In UTF-16 units, as texts count. */
const maxPayloadLength = 1_048_576;

/** Format, position and the length of the key. */
const maxHeaderLength = 50;

export interface L2Counts {
  readonly hits: number;
  /** Values that were found and must not be served: corrupt, foreign, of another key, overtaken, not of the schema. */
  readonly refused: number;
  /** Values that were loaded and can't be shared: too large, or not JSON. */
  readonly unshared: number;
  /** Values that the fence let through. */
  readonly fills: number;
  /** Values that it refused, because something may have overtaken them. */
  readonly fenced: number;
}

export interface Found<V> {
  readonly value: V | null;
}

type Accepted<V> = Found<V> | undefined;

/** Keys in one MGET: Redis is not held up for long, and a call of a hundred thousand arguments would fail (R4). */
const maxBatch = 500;

/** What one MGET will ask for. */
interface Batch<V> {
  readonly keys: string[];
  readonly found: Promise<ReadonlyMap<string, Found<V>>>;
  readonly land: (found: Promise<ReadonlyMap<string, Found<V>>>) => void;
}

export class L2<V> {
  readonly #options: L2Options<V>;
  readonly #keys: NamespaceKeys;
  #lastHead: { readonly text: string; readonly head: Head | undefined } = { text: '', head: undefined };
  #batch: Batch<V> | undefined;
  #filling: FillCall[] = [];
  #hits = 0;
  #refused = 0;
  #unshared = 0;
  #fills = 0;
  #fenced = 0;

  constructor(options: L2Options<V>) {
    this.#options = options;
    this.#keys = namespaceKeys(options.keyPrefix, options.namespace.name, options.redis.layout);
  }

  get counts(): L2Counts {
    return {
      hits: this.#hits,
      refused: this.#refused,
      unshared: this.#unshared,
      fills: this.#fills,
      fenced: this.#fenced,
    };
  }

  /**
   * An MGET of head and values, for all that is asked in one turn of the event loop, or several where that is much.
   *
   * @returns by key what may be served at this instance's position; of the others' keys, too
   */
  read(wanted: readonly string[]): Promise<ReadonlyMap<string, Found<V>>> {
    const asked: Batch<V>['found'][] = [];
    for (const key of wanted) {
      if (!isSharable(key)) continue;
      this.#batch ??= this.#startBatch();
      const { keys, found } = this.#batch;
      keys.push(key);
      if (asked.at(-1) !== found) asked.push(found);
      // Sent without waiting for others.
      if (keys.length >= maxBatch) this.#endBatch();
    }
    const [only] = asked;
    return only !== undefined && asked.length === 1 ? only : merge(asked);
  }

  #startBatch(): Batch<V> {
    const { promise, resolve } = Promise.withResolvers<ReadonlyMap<string, Found<V>>>();
    process.nextTick(this.#endBatch);
    return { keys: [], found: promise, land: resolve };
  }

  readonly #endBatch = (): void => {
    const batch = this.#batch;
    this.#batch = undefined;
    if (batch !== undefined) batch.land(this.#read(batch.keys));
  };

  async #read(keys: readonly string[]): Promise<ReadonlyMap<string, Found<V>>> {
    const { redis } = this.#options;
    const { epoch } = redis;
    const names = keys.map((key) => this.#storedKey(key));
    const reply = await redis.attempt((commands) => commands.mget(this.#keys.head, ...names));
    const found = new Map<string, Found<V>>();
    if (reply === undefined || epoch !== redis.epoch) return found;
    const head = this.#parseHead(reply[0] ?? '');
    if (head === undefined || !this.#isAtOrPast(head)) return found;
    for (const [index, key] of keys.entries()) {
      const text = reply[index + 1];
      if (typeof text !== 'string') continue;
      const accepted = this.#accept(head, key, text);
      const value = accepted instanceof Promise ? await accepted : accepted;
      if (value === undefined) {
        this.#refused += 1;
        continue;
      }
      this.#hits += 1;
      found.set(key, value);
    }
    return found;
  }

  #storedKey(key: string): string {
    return storedKey(this.#keys, valueKey(this.#options.prefix, key));
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

  /** @returns undefined for a value that must not be served, whatever the reason: it is loaded instead */
  #accept(head: Head, key: string, text: string): Accepted<V> | Promise<Accepted<V>> {
    const { prefix, tables, schema } = this.#options;
    const owner = valueOwner(prefix, key);
    if (text.length > maxPayloadLength + owner.length + maxHeaderLength) return undefined;
    const stored = parseValue(owner, text);
    if (stored === undefined) return undefined;
    const { notedAt } = stored;
    if (!isAboveFloors(head, notedAt, tables) || comparePositions(notedAt, head.position) > 0)
      return undefined;
    const payload = parsePayload(stored.payload);
    if (payload === undefined) return undefined;
    if (payload === null) return { value: null };
    return schema === undefined ? { value: freezeParsed(payload as V) } : validate(schema, payload);
  }

  /**
   * Stores a loaded value, unless something may have overtaken it since `notedAt`. Nobody waits for it: it is sent after
   * the promises of this turn, with all others of the turn in one write to the socket.
   */
  fill(
    key: string,
    value: V | null,
    { notedAt, ttlMs }: { readonly notedAt: Position; readonly ttlMs: number },
  ): void {
    const { prefix, tables } = this.#options;
    const payload = formatPayload(value);
    if (payload === undefined || payload.length > maxPayloadLength || !isSharable(key)) {
      this.#unshared += 1;
      return;
    }
    if (this.#filling.length === 0) process.nextTick(this.#sendFills);
    this.#filling.push({
      keys: this.#keys,
      valueKey: this.#storedKey(key),
      owner: valueOwner(prefix, key),
      encodedKey: key,
      tables,
      value: { notedAt, payload },
      ttlMs,
    });
  }

  readonly #sendFills = (): void => {
    const calls = this.#filling;
    this.#filling = [];
    void this.#options.redis.attempt(async (commands) => {
      const { stream } = commands;
      stream.cork();
      const sent = Promise.all(calls.map((call) => fill(commands, call)));
      stream.uncork();
      for (const isStored of await sent) {
        if (isStored) this.#fills += 1;
        else this.#fenced += 1;
      }
    });
  };
}

async function merge<V>(asked: Iterable<Batch<V>['found']>): Promise<ReadonlyMap<string, Found<V>>> {
  const found = await Promise.all(asked);
  return new Map(found.flatMap((some) => [...some]));
}

async function validate<V>(
  schema: StandardSchemaV1<unknown, V>,
  payload: unknown,
): Promise<Found<V> | undefined> {
  try {
    const result = await schema['~standard'].validate(payload);
    return result.issues === undefined ? { value: deepFreeze(result.value) } : undefined;
  } catch {
    // A schema that throws has not accepted the value, and a value of a stranger must not fail a read (R4).
    return undefined;
  }
}

/** Half a surrogate pair becomes another character on its way to Redis: such keys would share their values. */
function isSharable(key: string): boolean {
  return key.isWellFormed();
}
