// What the oracle knows: which version of each row was committed, and when its writer knew. Versions of a row grow with
// each commit. Owns the order of commits; knows nothing of reads.

export interface Commit {
  readonly key: number;
  readonly version: number;
  /** The version this one replaced, as the database says: another one than the last acknowledged means lost commits. */
  readonly previous: number;
  /** Before the statement was sent for the first time. */
  readonly begunMs: number;
  /** When its writer knew; the commit itself was earlier. */
  readonly knownMs: number;
}

interface KnownCommit extends Commit {
  /** Acknowledged, and undone by a crash that lost it. */
  isLost: boolean;
}

export class Commits {
  readonly #byKey: KnownCommit[][];

  constructor(keyCount: number) {
    this.#byKey = Array.from({ length: keyCount }, () => []);
  }

  /** Each commit once, per row in the order of versions; a repeated report is passed over. */
  add(commit: Commit): void {
    const known = this.#of(commit.key);
    if (commit.version <= (known.at(-1)?.version ?? -1)) return;
    this.#loseAbove(known, commit.previous);
    known.push({ ...commit, isLost: false });
  }

  /** The database holds this version now, and no writer is at work: what was acknowledged above it is lost. */
  settle(key: number, version: number, nowMs: number): void {
    const known = this.#of(key);
    this.#loseAbove(known, version);
    // A writer that was killed could not report its last commit.
    if ((known.at(-1)?.version ?? -1) < version) {
      known.push({ key, version, previous: -1, begunMs: 0, knownMs: nowMs, isLost: false });
    }
  }

  lastOf(key: number): Commit | undefined {
    return this.#of(key).findLast(({ isLost }) => !isLost);
  }

  get lostCount(): number {
    return this.#byKey.reduce((sum, known) => sum + known.filter(({ isLost }) => isLost).length, 0);
  }

  /**
   * The first commit that overtook `version`, or undefined when it is the newest.
   *
   * @param isAfterLoss whether commits that a crash undid count as never having happened
   */
  after(key: number, version: number, isAfterLoss: boolean): Commit | undefined {
    const known = this.#of(key);
    for (let at = firstAbove(known, version); at < known.length; at += 1) {
      const commit = known[at];
      if (commit !== undefined && !(isAfterLoss && commit.isLost)) return commit;
    }
    return undefined;
  }

  find(key: number, version: number): (Commit & { readonly isLost: boolean }) | undefined {
    const known = this.#of(key);
    const commit = known[firstAbove(known, version) - 1];
    return commit?.version === version ? commit : undefined;
  }

  /** Old commits are forgotten, the last one of each row stays: a long run must not grow. */
  forget(): void {
    for (const known of this.#byKey) {
      const kept = known.filter(({ isLost }) => !isLost).slice(-1);
      known.splice(0, known.length, ...kept);
    }
  }

  #loseAbove(known: readonly KnownCommit[], version: number): void {
    if (version < 0) return;
    for (const commit of known) if (commit.version > version) commit.isLost = true;
  }

  #of(key: number): KnownCommit[] {
    const known = this.#byKey[key];
    if (known === undefined) throw new RangeError(`there is no row ${key}`);
    return known;
  }
}

/** Index of the first commit with a greater version; versions grow. */
function firstAbove(known: readonly Commit[], version: number): number {
  let from = 0;
  let to = known.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((known[middle]?.version ?? Number.POSITIVE_INFINITY) <= version) from = middle + 1;
    else to = middle;
  }
  return from;
}
