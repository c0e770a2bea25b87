// A channel among the subscribers of the change feed. Owns the moment from which changes are for it, and its end: when a
// new subscription replaces it, what is being judged for it still arrives (nothing is lost over a token refresh); when it
// ends, or the feed forgets it, nothing does.
import type { ResolvedBinding } from './bindings.ts';
import type { ChangeSubscriber } from './change-batch.ts';
import type { Identity } from './database.ts';

export interface ChangeListener {
  /** The JSON of `data`, and which bindings it is for. */
  onChange(data: string, ids: readonly number[]): void;
  /** The tables of the publication are others now: subscribe again, and say so. */
  onPublicationChanged(): void;
}

export interface Activation {
  /** What committed before, and was not looked at yet, is not for it. */
  readonly skipsBuffered: boolean;
  readonly replaces: ChangeSubscription | undefined;
}

export interface ChangeSubscription {
  activate(activation: Activation): void;
  /** Idempotent. */
  end(): void;
}

export interface SubscriberParts {
  readonly identity: Identity;
  readonly bindings: readonly ResolvedBinding[];
  readonly listener: ChangeListener;
  readonly all: Set<Subscriber>;
  readonly nextSequence: () => number;
}

export class Subscriber implements ChangeSubscriber, ChangeSubscription {
  readonly identity: Identity;
  readonly bindings: readonly ResolvedBinding[];
  readonly listener: ChangeListener;
  readonly #all: Set<Subscriber>;
  readonly #nextSequence: () => number;
  #firstSequence = 0;
  #isEnded = false;

  constructor(parts: SubscriberParts) {
    this.identity = parts.identity;
    this.bindings = parts.bindings;
    this.listener = parts.listener;
    this.#all = parts.all;
    this.#nextSequence = parts.nextSequence;
  }

  get firstSequence(): number {
    return this.#firstSequence;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  activate({ skipsBuffered, replaces }: Activation): void {
    if (this.#isEnded) return;
    if (skipsBuffered) this.#firstSequence = this.#nextSequence();
    if (replaces instanceof Subscriber) this.#all.delete(replaces);
    this.#all.add(this);
  }

  end(): void {
    this.#isEnded = true;
    this.#all.delete(this);
  }
}
