// What the oracle knows and nobody else: every value that a row ever had, and from when to when it was the committed one.
import type { WorldTime } from './process-clock.ts';

interface Span {
  readonly value: number;
  readonly fromMs: number;
  toMs: number;
}

/** Of each row, the number of the value that is known at least. */
export type Coverage = ReadonlyMap<string, number>;

export class RowHistory {
  readonly #time: WorldTime;
  readonly #rows = new Map<string, Span[]>();

  constructor(time: WorldTime, rows: readonly string[]) {
    this.#time = time;
    for (const row of rows) this.#rows.set(row, [{ value: 0, fromMs: -1, toMs: Infinity }]);
  }

  get rows(): Iterable<string> {
    return this.#rows.keys();
  }

  value(row: string): number {
    return this.#rows.get(row)?.at(-1)?.value ?? 0;
  }

  /** The row has another value from now on. */
  set(row: string, value: number): void {
    const spans = this.#rows.get(row);
    const last = spans?.at(-1);
    if (spans === undefined || last === undefined) return;
    last.toMs = this.#time.nowMs;
    spans.push({ value, fromMs: this.#time.nowMs, toMs: Infinity });
  }

  count(row: string): number {
    return this.#rows.get(row)?.length ?? 0;
  }

  /** @returns how many values the row had had when this was the committed one for the last time; 0 for a stranger */
  ordinal(row: string, value: number): number {
    return (this.#rows.get(row) ?? []).findLastIndex((span) => span.value === value) + 1;
  }

  /** @returns when the value was overtaken for the last time; Infinity for the committed one */
  overtakenMs(row: string, value: number): number {
    return this.#rows.get(row)?.[this.ordinal(row, value) - 1]?.toMs ?? -Infinity;
  }
}
