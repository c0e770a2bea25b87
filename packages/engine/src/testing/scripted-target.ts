// A target that a test leads through rounds: it notes each step and answers what it was told to.
import type {
  Begun,
  Cursor,
  JournalGlance,
  JournalRead,
  RoundOutcome,
  RoundTarget,
} from '@tidemark/protocol';

export class ScriptedTarget implements RoundTarget {
  /** `begin`, `publish`, `tell` (of a glance) and `abandon`, in the order in which they were called. */
  readonly steps: string[] = [];
  readonly published: JournalRead[] = [];
  readonly told: JournalGlance[] = [];
  /** Whether a glance may go on from what was published. */
  takesGlances = false;
  /** Whether only a round can tell what the next glances mean. */
  refusesGlances = false;
  isStandby = false;
  failure: Error | undefined;
  wantsMore = 0;
  isFenced = false;
  #last: JournalGlance | undefined;

  /** Rounds that were begun. */
  get rounds(): number {
    return this.steps.filter((step) => step === 'begin').length;
  }

  async begin(): Promise<Begun> {
    this.steps.push('begin');
    if (this.failure !== undefined) throw this.failure;
    if (this.isStandby) return { kind: 'standby' };
    const cursor = this.#cursor;
    return { kind: 'begun', cursor, knownWatchHash: cursor?.watchHash ?? null };
  }

  abandon(): void {
    this.steps.push('abandon');
  }

  glanceFrom(): Cursor | null {
    return this.takesGlances ? this.#cursor : null;
  }

  get #cursor(): Cursor | null {
    return this.#last?.cursor ?? null;
  }

  async publishGlance(glance: JournalGlance): Promise<RoundOutcome | null> {
    this.steps.push('tell');
    if (this.refusesGlances) return null;
    const changed = glance.changes.length;
    if (changed > 0) {
      this.told.push(glance);
      this.#last = glance;
    }
    return { isPublished: changed > 0, changed, wantsMore: false };
  }

  async publish(read: JournalRead): Promise<RoundOutcome> {
    this.steps.push('publish');
    if (this.isFenced) return { isPublished: false, changed: 0, wantsMore: false };
    this.published.push(read);
    this.#last = read;
    const wantsMore = this.wantsMore > 0;
    if (wantsMore) this.wantsMore -= 1;
    return { isPublished: true, changed: read.changes.length, wantsMore };
  }
}
