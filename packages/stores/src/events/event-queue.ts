// What one subscriber has still to hear, in order and one at a time. Bounded: a subscriber that falls too far behind is
// ended, because one that silently misses events is worse off than one that knows to read the state again.
import type { HubEvent } from './hub-event.ts';

/** Some seconds of a lively conversation. */
export const maxWaitingEvents = 256;

export type EventListener<Name extends string> = (event: HubEvent<Name>) => void | PromiseLike<void>;

export interface EventQueueOptions<Name extends string> {
  readonly listener: EventListener<Name>;
  /** The listener threw or rejected; it goes on hearing. */
  readonly onFailure: (error: unknown) => void;
  /** It fell too far behind, and hears nothing more. */
  readonly onOverflow: () => void;
}

export class EventQueue<Name extends string> {
  readonly #options: EventQueueOptions<Name>;
  readonly #waiting: HubEvent<Name>[] = [];
  #isBusy = false;
  #isEnded = false;

  constructor(options: EventQueueOptions<Name>) {
    this.#options = options;
  }

  /** Calls the listener at once, unless it is still busy with an earlier event. */
  push(event: HubEvent<Name>): void {
    if (this.#isEnded) return;
    if (!this.#isBusy) {
      this.#hand(event);
    } else if (this.#waiting.length < maxWaitingEvents) {
      this.#waiting.push(event);
    } else {
      this.end();
      this.#options.onOverflow();
    }
  }

  /** What waits is forgotten. */
  end(): void {
    this.#isEnded = true;
    this.#waiting.length = 0;
  }

  #hand(event: HubEvent<Name>): void {
    this.#isBusy = true;
    try {
      const heard = this.#options.listener(event);
      if (heard === undefined) this.#next();
      else
        heard.then(
          () => this.#next(),
          (error: unknown) => this.#fail(error),
        );
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#options.onFailure(error);
    this.#next();
  }

  #next(): void {
    const event = this.#waiting.shift();
    if (event === undefined) this.#isBusy = false;
    else this.#hand(event);
  }
}
