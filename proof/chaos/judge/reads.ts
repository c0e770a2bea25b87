// Answers of reads, packed: a fault run checks millions, and they travel between processes. Owns the layout of one read;
// never judges.

/** Where an answer came from: L1, L2, the source, or a read with `fresh: true`; own: the read right after an own write. */
const origins = ['L1', 'L2', 'source', 'fresh', 'own'] as const;
export type Origin = (typeof origins)[number];

export interface Read {
  readonly key: number;
  /** -1: the row was absent. */
  readonly version: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly origin: Origin;
}

const width = 5;

/** A list that only grows, written to by one instance. */
export class ReadLog {
  #numbers = new Float64Array(1_024 * width);
  #length = 0;

  get count(): number {
    return this.#length / width;
  }

  add({ key, version, startMs, endMs, origin }: Read): void {
    if (this.#length === this.#numbers.length) this.#grow(this.#numbers.length * 2);
    this.#numbers[this.#length] = key;
    this.#numbers[this.#length + 1] = version;
    this.#numbers[this.#length + 2] = startMs;
    this.#numbers[this.#length + 3] = endMs;
    this.#numbers[this.#length + 4] = origins.indexOf(origin);
    this.#length += width;
  }

  /** @returns what was added since the last time, and starts anew */
  take(): Float64Array {
    const taken = this.#numbers.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  addPacked(packed: Float64Array): void {
    let size = this.#numbers.length;
    while (size < this.#length + packed.length) size *= 2;
    if (size > this.#numbers.length) this.#grow(size);
    this.#numbers.set(packed, this.#length);
    this.#length += packed.length;
  }

  *[Symbol.iterator](): Generator<Read> {
    const numbers = this.#numbers;
    for (let at = 0; at < this.#length; at += width) {
      yield {
        key: numbers[at] ?? 0,
        version: numbers[at + 1] ?? 0,
        startMs: numbers[at + 2] ?? 0,
        endMs: numbers[at + 3] ?? 0,
        origin: origins[numbers[at + 4] ?? 0] ?? 'source',
      };
    }
  }

  #grow(size: number): void {
    const larger = new Float64Array(size);
    larger.set(this.#numbers.subarray(0, this.#length));
    this.#numbers = larger;
  }
}
