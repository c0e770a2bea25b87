// A target that a test leads through rounds: it notes each step and answers what it was told to.
import type { Begun, JournalRead, RoundOutcome, RoundTarget } from '@tidemark/protocol';

export class ScriptedTarget implements RoundTarget {
  /** `begin`, `publish` and `abandon`, in the order in which they were called. */
  readonly steps: string[] = [];
  readonly published: JournalRead[] = [];
  isStandby = false;
  failure: Error | undefined;
  wantsMore = 0;
  isFenced = false;

  /** Rounds that were begun. */
  get rounds(): number {
    return this.steps.filter((step) => step === 'begin').length;
  }

  async begin(): Promise<Begun> {
    this.steps.push('begin');
    if (this.failure !== undefined) throw this.failure;
    if (this.isStandby) return { kind: 'standby' };
    const cursor = this.published.at(-1)?.cursor ?? null;
    return { kind: 'begun', cursor, knownWatchHash: cursor?.watchHash ?? null };
  }

  abandon(): void {
    this.steps.push('abandon');
  }

  async publish(read: JournalRead): Promise<RoundOutcome> {
    this.steps.push('publish');
    if (this.isFenced) return { isPublished: false, changed: 0, wantsMore: false };
    this.published.push(read);
    const wantsMore = this.wantsMore > 0;
    if (wantsMore) this.wantsMore -= 1;
    return { isPublished: true, changed: read.changes.length, wantsMore };
  }
}
