// Changes that were heard and not yet published, numbered. Owns what a best-effort journal remembers: bounded, and of
// this process alone, so that a number of another process or of before an overflow is recognised as unknown.
import { randomUUID } from 'node:crypto';
import type { TableChange } from '@tidemark/protocol';

/** Ten times what one record can name; a bulk change is published as a whole table long before. */
export const maxHeldChanges = 10_000;

export class ChangeBuffer {
  #epoch: string = randomUUID();
  /** The number of the change heard last. */
  #last = 0;
  /** The changes up to `#last`, without a gap. */
  #held: TableChange[] = [];

  /** `epoch:number`, where reading goes on after all that was heard up to now. */
  get snapshot(): string {
    return `${this.#epoch}:${this.#last}`;
  }

  /** At the bound everything is forgotten under a new epoch: whoever reads then knows that something is missing. */
  add(change: TableChange): void {
    if (this.#held.length >= maxHeldChanges) {
      this.#epoch = randomUUID();
      this.#last = 0;
      this.#held = [];
    }
    this.#last += 1;
    this.#held.push(change);
  }

  /**
   * The changes after a snapshot; those before it are forgotten, because whoever asks has published them.
   *
   * @returns undefined when the snapshot is not of this epoch, or changes after it are held no longer
   */
  after(snapshot: string): readonly TableChange[] | undefined {
    const number = this.#numberOf(snapshot);
    const forgotten = this.#last - this.#held.length;
    if (number === undefined || number < forgotten || number > this.#last) return undefined;
    this.#held = this.#held.slice(number - forgotten);
    return [...this.#held];
  }

  #numberOf(snapshot: string): number | undefined {
    const [epoch, number, ...rest] = snapshot.split(':');
    if (epoch !== this.#epoch || number === undefined || rest.length > 0) return undefined;
    return /^\d+$/.test(number) ? Number(number) : undefined;
  }
}
