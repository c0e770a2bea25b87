// One Redis server as the protocol sees it: strings, streams, pub/sub, and the five scripts as plain functions. A stack
// test runs the same random calls here and on a real Redis, and compares every answer. Knows nothing of connections.

export type Reply = string | number | null | readonly Reply[];

export interface StreamEntry {
  readonly id: string;
  readonly fields: readonly string[];
}

interface Stream {
  readonly lastId: string;
  readonly entries: readonly StreamEntry[];
}

/** Who hears what is published. */
export interface Hearer {
  hear(channel: string, text: string): void;
}

export class RedisModel {
  readonly #strings: Map<string, string>;
  /** Replaced as a whole with each change, so that a copy shares them. */
  readonly #streams: Map<string, Stream>;
  readonly #hearers = new Map<string, Set<Hearer>>();
  isMaster = true;

  constructor(copied?: RedisModel) {
    this.#strings = new Map(copied?.strings);
    this.#streams = new Map(copied?.streams);
  }

  get strings(): ReadonlyMap<string, string> {
    return this.#strings;
  }

  get streams(): ReadonlyMap<string, Stream> {
    return this.#streams;
  }

  get(key: string): string | null {
    return this.#strings.get(key) ?? null;
  }

  set(key: string, value: string): void {
    this.#strings.set(key, value);
  }

  unlink(keys: readonly string[]): number {
    let removed = 0;
    for (const key of keys) if (this.#strings.delete(key) || this.#streams.delete(key)) removed += 1;
    return removed;
  }

  /** @returns false when the id is not greater than the last one: Redis refuses it */
  append(key: string, entry: StreamEntry, maxLength: number): boolean {
    const stream = this.#streams.get(key);
    if (stream !== undefined && compareIds(entry.id, stream.lastId) <= 0) return false;
    const entries = [...(stream?.entries ?? []), entry].slice(-maxLength);
    this.#streams.set(key, { lastId: entry.id, entries });
    return true;
  }

  /** @returns entries after `afterId`, up to `lastId` or to the end */
  range(key: string, afterId: string, lastId?: string): readonly StreamEntry[] {
    const entries = this.#streams.get(key)?.entries ?? [];
    return entries.filter(
      ({ id }) => compareIds(id, afterId) > 0 && (lastId === undefined || compareIds(id, lastId) <= 0),
    );
  }

  /** XTRIM: the log forgets its oldest entries. */
  trim(key: string, length: number): void {
    const stream = this.#streams.get(key);
    if (stream === undefined) return;
    this.#streams.set(key, { ...stream, entries: length === 0 ? [] : stream.entries.slice(-length) });
  }

  flush(): void {
    this.#strings.clear();
    this.#streams.clear();
  }

  subscribe(channel: string, hearer: Hearer): void {
    const hearers = this.#hearers.get(channel) ?? new Set();
    this.#hearers.set(channel, hearers.add(hearer));
  }

  unsubscribe(hearer: Hearer): void {
    for (const hearers of this.#hearers.values()) hearers.delete(hearer);
  }

  publish(channel: string, text: string): number {
    const hearers = this.#hearers.get(channel) ?? new Set();
    for (const hearer of hearers) hearer.hear(channel, text);
    return hearers.size;
  }
}

function compareIds(a: string, b: string): number {
  const [aFirst = 0, aSecond = 0] = a.split('-').map(Number);
  const [bFirst = 0, bSecond = 0] = b.split('-').map(Number);
  return aFirst - bFirst || aSecond - bSecond;
}
