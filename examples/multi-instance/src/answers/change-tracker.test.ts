import { beforeEach, describe, expect, test } from 'vitest';
import { ChangeTracker, type TrackedChange } from './change-tracker.ts';

let tracker: ChangeTracker;

beforeEach(() => {
  tracker = new ChangeTracker(['a', 'b'], 3);
  for (const tenant of ['acme', 'globex']) tracker.watch(tenant, 'old');
});

function change(texts: Readonly<Record<string, string>>, beganMs = 100): TrackedChange {
  const begun = tracker.begin({ what: 'update', texts: new Map(Object.entries(texts)), beganMs });
  begun.commit(beganMs + 10);
  return begun.change;
}

function answer(instance: string, tenant: string, text: string, endedMs: number): void {
  tracker.heardAnswer(instance, tenant, { text, endedMs });
}

describe('a drop', () => {
  test('is the first one after the change that names its tenant', () => {
    const changed = change({ acme: 'new' });
    tracker.heardDrop({ instance: 'a', keys: ['acme'], atMs: 99 });
    tracker.heardDrop({ instance: 'a', keys: ['globex'], atMs: 111 });
    tracker.heardDrop({ instance: 'a', keys: ['globex', 'acme'], atMs: 112 });
    tracker.heardDrop({ instance: 'a', keys: null, atMs: 113 });
    expect(changed.arrivals.get('a')?.droppedMs).toBe(112);
    expect(changed.arrivals.get('b')?.droppedMs).toBeUndefined();
  });

  test('of everything counts for every tenant', () => {
    const changed = change({ acme: 'new' });
    tracker.heardDrop({ instance: 'b', keys: null, atMs: 112 });
    expect(changed.arrivals.get('b')?.droppedMs).toBe(112);
  });

  test('that was heard before its change is found when the change is', () => {
    tracker.heardDrop({ instance: 'a', keys: ['acme'], atMs: 105 });
    expect(change({ acme: 'new' }).arrivals.get('a')?.droppedMs).toBe(105);
  });
});

describe('an instance has answered a change anew', () => {
  test('with its text, not with the old one', () => {
    const changed = change({ acme: 'new' });
    answer('a', 'acme', 'old', 111);
    expect(changed.arrivals.get('a')?.freshMs).toBeUndefined();
    answer('a', 'acme', 'new', 112);
    answer('a', 'acme', 'new', 113);
    expect(changed.arrivals.get('a')?.freshMs).toBe(112);
    expect(tracker.awaitedOf('a')).toEqual(new Set());
    expect(tracker.awaitedOf('b')).toEqual(new Set(['acme']));
  });

  test('when all of its tenants were answered', () => {
    const changed = change({ acme: 'new', globex: 'new' });
    answer('a', 'acme', 'new', 112);
    expect(changed.arrivals.get('a')?.freshMs).toBeUndefined();
    answer('a', 'globex', 'new', 115);
    expect(changed.arrivals.get('a')?.freshMs).toBe(115);
  });

  test('also when it went on to a later change of the same tenant at once', () => {
    const first = change({ acme: 'new' });
    const second = change({ acme: 'newer' }, 200);
    answer('a', 'acme', 'newer', 212);
    expect(first.arrivals.get('a')?.freshMs).toBe(212);
    expect(second.arrivals.get('a')?.freshMs).toBe(212);
  });

  test('but not the later change, when the earlier one had the same text', () => {
    change({ acme: 'none' });
    change({ acme: 'new' }, 200);
    const again = change({ acme: 'none' }, 300);
    answer('a', 'acme', 'none', 312);
    expect(again.arrivals.get('a')?.freshMs).toBeUndefined();
    answer('a', 'acme', 'new', 316);
    answer('a', 'acme', 'none', 318);
    expect(again.arrivals.get('a')?.freshMs).toBe(318);
  });
});

test('what was dropped is awaited before what was not', () => {
  change({ acme: 'new' });
  change({ globex: 'new' }, 200);
  expect(tracker.awaitedOf('a')).toEqual(new Set(['acme', 'globex']));
  tracker.heardDrop({ instance: 'a', keys: ['globex'], atMs: 215 });
  expect(tracker.awaitedOf('a')).toEqual(new Set(['globex']));
  expect(tracker.awaitedOf('b')).toEqual(new Set(['acme', 'globex']));
  answer('a', 'globex', 'new', 220);
  expect(tracker.awaitedOf('a')).toEqual(new Set(['acme']));
});

test('all is settled when every instance has answered every change anew', () => {
  change({ acme: 'new' });
  answer('a', 'acme', 'new', 112);
  expect(tracker.isSettled).toBe(false);
  answer('b', 'acme', 'new', 112);
  expect(tracker.isSettled).toBe(true);
});

test('the history of a row has each of its contents with its times', () => {
  change({ acme: 'new' });
  const begun = tracker.begin({ what: 'update', texts: new Map([['acme', 'newer']]), beganMs: 200 });
  expect(tracker.statesOf('acme')).toEqual([
    { text: 'old', beganMs: Number.NEGATIVE_INFINITY },
    { text: 'new', beganMs: 100, committedMs: 110 },
    { text: 'newer', beganMs: 200 },
  ]);
  begun.commit(210);
  expect(tracker.statesOf('acme').at(-1)?.committedMs).toBe(210);
  expect(tracker.statesOf('globex')).toHaveLength(1);
});

test('only the last changes are remembered', () => {
  for (let at = 1; at <= 5; at += 1) change({ acme: `version ${at}` }, 100 * at);
  expect(tracker.changes.map(({ id }) => id)).toEqual([3, 4, 5]);
});

test('a change of a tenant that nobody watches is a mistake of the caller', () => {
  expect(() => change({ hooli: 'new' })).toThrow(/hooli is changed before it is watched/);
});
