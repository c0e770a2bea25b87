// The checker sees: every kind of violation is planted in a small history and must be found, and what is allowed must
// not be.
import { describe, expect, it } from 'vitest';
import { Commits } from './commits.ts';
import { judge, upperBound, type Verdict } from './judge.ts';
import { type Origin, type Read, ReadLog } from './reads.ts';

const boundMs = 1_000;

/** Row 0: version 1 known at 1,000, version 2 at 2,000, version 3 at 3,000; each was begun 50 ms before. */
function threeVersions(): Commits {
  const commits = new Commits(2);
  commits.settle(0, 0, 0);
  for (const version of [1, 2, 3]) {
    const knownMs = version * 1_000;
    commits.add({ key: 0, version, previous: version - 1, begunMs: knownMs - 50, knownMs });
  }
  return commits;
}

function read(version: number, startMs: number, more: { endMs?: number; origin?: Origin } = {}): Read {
  return { key: 0, version, startMs, endMs: more.endMs ?? startMs, origin: more.origin ?? 'L1' };
}

function logOf(reads: readonly Read[]): ReadLog {
  const log = new ReadLog();
  for (const one of reads) log.add(one);
  return log;
}

function verdictOf(...reads: readonly Read[]): Verdict {
  return judge({ commits: threeVersions(), instances: [logOf(reads)], boundMs });
}

describe('R1', () => {
  it('is broken by a read that begins more than the bound after its version was overtaken', () => {
    expect(verdictOf(read(1, 3_001))).toMatchObject({ beyondBound: 1, stale: 1, worstMs: 1_001 });
  });

  it('holds for a read that begins exactly the bound after its version was overtaken', () => {
    expect(verdictOf(read(1, 3_000))).toMatchObject({ beyondBound: 0, stale: 1, worstMs: 1_000 });
  });

  it('counts from the first commit that overtook the version, not from the last', () => {
    expect(verdictOf(read(0, 3_500))).toMatchObject({ worstMs: 2_500 });
  });

  it('is not broken by a long read that began in time', () => {
    expect(verdictOf(read(1, 1_900, { endMs: 9_000 }))).toMatchObject({ beyondBound: 0, stale: 0 });
  });

  it('is broken by a row that is said to be absent', () => {
    expect(verdictOf(read(-1, 5_000))).toMatchObject({ beyondBound: 1 });
  });

  it('is told with an example', () => {
    expect(verdictOf(read(1, 3_500)).examples).toEqual([
      '1500.0 ms stale: row 0, version 1 from L1, read from 3500.0 to 3500.0',
    ]);
  });
});

describe('R3', () => {
  it.for(['own', 'fresh'] as const)(
    'is broken by a read of kind "%s" that is any older than its call',
    (origin) => {
      expect(verdictOf(read(1, 2_001, { origin }))).toMatchObject({ ownMisses: 1, beyondBound: 0 });
    },
  );

  it('holds for an own read of the newest version', () => {
    expect(verdictOf(read(2, 2_001, { origin: 'own' }))).toMatchObject({ ownMisses: 0 });
  });
});

describe('versions that nobody wrote', () => {
  it('are found', () => {
    expect(verdictOf(read(4, 3_500))).toMatchObject({ invented: 1 });
  });

  it('include one that is read before its writer began', () => {
    expect(verdictOf(read(2, 1_900, { endMs: 1_940 }))).toMatchObject({ invented: 1 });
  });

  it('do not include one that is read before its writer knew', () => {
    expect(verdictOf(read(2, 1_900, { endMs: 1_990 }))).toMatchObject({ invented: 0, stale: 0 });
  });
});

describe('a crash that loses acknowledged commits', () => {
  /** Version 3 is lost at 3,100, and 4 is written on top of 2 at 4,000. */
  const loss = { fromMs: 3_100, untilMs: 3_900 };
  function afterLoss(...reads: readonly Read[]): Verdict {
    const commits = threeVersions();
    commits.add({ key: 0, version: 4, previous: 2, begunMs: 3_990, knownMs: 4_000 });
    expect(commits.lostCount).toBe(1);
    return judge({ commits, instances: [logOf(reads)], boundMs, loss });
  }

  it('is found when the database holds less than was acknowledged', () => {
    const commits = threeVersions();
    commits.settle(0, 2, 4_000);
    expect(commits.lostCount).toBe(1);
  });

  it('excuses what is read until the reset', () => {
    expect(afterLoss(read(3, 3_500), read(0, 3_500))).toMatchObject({ beyondBound: 0, invented: 0 });
  });

  it('excuses nothing before it', () => {
    expect(afterLoss(read(1, 3_050))).toMatchObject({ beyondBound: 1 });
  });

  it('makes a lost version that is read after the reset a violation', () => {
    expect(afterLoss(read(3, 3_950))).toMatchObject({ invented: 1 });
  });

  it('does not let a lost version overtake the one that is left', () => {
    expect(afterLoss(read(2, 4_000))).toMatchObject({ stale: 0, beyondBound: 0 });
  });
});

describe('reads that go back in time', () => {
  it('are counted with both origins when one ended before the other began', () => {
    const { steps } = verdictOf(
      read(3, 3_010, { endMs: 3_020, origin: 'source' }),
      read(2, 3_030, { endMs: 3_040, origin: 'L2' }),
    );
    expect(steps).toEqual({ overlapping: 0, backwards: 1, byOrigins: { 'source>L2': 1 }, stalestMs: 30 });
  });

  it('are told apart from reads that overlap', () => {
    const { steps } = verdictOf(
      read(2, 2_990, { endMs: 3_040, origin: 'source' }),
      read(3, 3_010, { endMs: 3_020 }),
    );
    expect(steps).toEqual({ overlapping: 1, backwards: 0, byOrigins: {}, stalestMs: 0 });
  });

  it('do not count between two instances', () => {
    const instances = [logOf([read(3, 3_010)]), logOf([read(2, 3_020)])];
    expect(judge({ commits: threeVersions(), instances, boundMs }).steps.backwards).toBe(0);
  });
});

describe('the oracle', () => {
  it('forgets all but the last commit of a row', () => {
    const commits = threeVersions();
    commits.forget();
    expect(commits.lastOf(0)?.version).toBe(3);
    expect(commits.after(0, 0, false)?.version).toBe(3);
  });

  it('passes over a commit that is reported twice', () => {
    const commits = threeVersions();
    commits.add({ key: 0, version: 3, previous: 2, begunMs: 0, knownMs: 9_000 });
    expect(commits.find(0, 3)?.knownMs).toBe(3_000);
  });

  it('learns from the database what a killed writer could not report', () => {
    const commits = threeVersions();
    commits.settle(0, 5, 6_000);
    expect(commits.lastOf(0)).toMatchObject({ version: 5, knownMs: 6_000 });
  });
});

describe('packed reads', () => {
  it('come out as they went in, over the wire', () => {
    const reads = Array.from({ length: 3_000 }, (_, at) =>
      read(at, at * 0.25, { origin: at % 2 === 0 ? 'L2' : 'own' }),
    );
    const sender = logOf(reads);
    const receiver = new ReadLog();
    receiver.addPacked(structuredClone(sender.take()));
    expect([...receiver]).toEqual(reads);
    expect(sender.count).toBe(0);
  });
});

it('gives the share of wrong reads that n good ones still allow as 3/n', () => {
  expect(upperBound(3_000_000)).toBe(1e-6);
  expect(upperBound(0)).toBe(1);
});
