import type { HintStatus, LoopState } from '@tidemark/engine';
import { maxKeysPerRecord, type WatchedTable } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { CheckerCounts, type CheckerStatus } from '../checker/checker-counts.ts';
import type { KnownInstance } from '../instances/instance-directory.ts';
import { judgeInstance } from '../instances/judge-instance.ts';
import type { Observation, ObservedNamespace } from '../observer/observer.ts';
import type { SidecarStatus } from '../sidecar.ts';
import { announcementOf } from '../testing/announcements.ts';
import { takeSnapshot } from './snapshot.ts';

const broadcast: HintStatus = { name: 'broadcast', state: 'listening', heard: 3, silences: 0 };

function statusOf(
  changed: { loop?: LoopState; hints?: HintStatus[]; problems?: string[]; checker?: CheckerStatus } = {},
): SidecarStatus {
  const { loop = { kind: 'working' }, hints = [broadcast], problems = [], checker } = changed;
  const namespaces = [{ namespace: 'main', loop, position: null }];
  return {
    isReady: problems.length === 0,
    problems,
    tables: [],
    engine: { namespaces, hints, redis: 'connected', redisErrors: 0 },
    ...(checker === undefined ? {} : { checker }),
  };
}

function instanceOf(name: string, changed: object = {}, silentMs = 100): KnownInstance {
  const announcement = announcementOf({ instanceId: name, name, ...changed });
  return {
    announcement,
    silentMs,
    ...judgeInstance({ announcement, silentMs }, true),
    lags: [
      { agoMs: 4_100.4, tidemarkAgeMs: null },
      { agoMs: 2_100.4, tidemarkAgeMs: 420.6 },
      { agoMs: 100.4, tidemarkAgeMs: 120.2 },
    ],
    hitRate: 0.9931,
  };
}

function namespaceOf(table: Partial<WatchedTable> = {}): ObservedNamespace {
  const watched = { namespace: 'main', prefixes: [], problem: null, key: 'id', ...table };
  return {
    namespace: 'main',
    head: {
      position: { generation: 3, sequence: 14 },
      floor: 3,
      begun: 8,
      done: 7,
      watchHash: 'w',
      tableFloors: new Map(),
    },
    watch: { hash: 'w', roundEveryMs: 250, tables: new Map([['public.item', watched]]) },
    stillMs: 20,
  };
}

function observationOf(changed: Partial<Observation> = {}): Observation {
  return {
    isHeard: true,
    instances: [instanceOf('a'), instanceOf('b')],
    refused: 0,
    namespaces: [namespaceOf()],
    records: [],
    redis: null,
    ...changed,
  };
}

const frozen = [instanceOf('a'), instanceOf('b', {}, 9_000)];
const behind = [instanceOf('a', { leases: { live: 0, regions: 1 } }), ...frozen.slice(0, 1)];
const silent: HintStatus = { ...broadcast, state: 'silent' };

function checkedOf(staleBeyondBound: number): CheckerStatus {
  const counts = new CheckerCounts();
  for (let value = 0; value < 1_234; value += 1) counts.count('public.item', 'sampled');
  for (let value = 0; value < 1_200; value += 1) counts.count('public.item', 'agreed');
  for (let value = 0; value < staleBeyondBound; value += 1) counts.count('public.item', 'staleBeyondBound');
  return counts.status;
}

describe('the verdict of the page', () => {
  it.each<[string, SidecarStatus, Partial<Observation>, string, string]>([
    ['all is well', statusOf(), {}, 'good', 'Both instances are fresh.'],
    ['one is alone', statusOf(), { instances: [instanceOf('a')] }, 'good', 'The one instance is fresh.'],
    ['nobody is there', statusOf(), { instances: [] }, 'odd', 'No instance has announced itself.'],
    ['one is frozen', statusOf(), { instances: frozen }, 'bad', '1 of 2 instances is frozen: b.'],
    ['one is behind', statusOf(), { instances: behind }, 'bad', '1 of 2 instances is behind: a.'],
    [
      'many are frozen',
      statusOf(),
      { instances: ['a', 'b', 'c', 'd'].map((name) => instanceOf(name, {}, 9_000)) },
      'bad',
      '4 of 4 instances are frozen: a, b, c and others.',
    ],
    [
      'one has just started',
      statusOf(),
      { instances: [instanceOf('a', { leases: { live: 0, regions: 1 }, upMs: 1_000 })] },
      'odd',
      '1 of 1 instances is starting: a.',
    ],
    ['Redis is silent', statusOf(), { isHeard: false }, 'bad', 'Redis does not answer this sidecar.'],
    [
      'the sidecar is not ready',
      statusOf({ problems: ['x'] }),
      {},
      'bad',
      'Both instances are fresh, and this sidecar is not ready.',
    ],
    [
      'a trigger is off',
      statusOf(),
      { namespaces: [namespaceOf({ problem: 'run z' })] },
      'bad',
      'Changes of public.item may go unseen.',
    ],
    [
      'the checker found a stale value',
      statusOf({ checker: checkedOf(1) }),
      {},
      'bad',
      'Both instances are fresh, but the checker found stale values in L2.',
    ],
    [
      'a hint source is silent',
      statusOf({ hints: [silent] }),
      {},
      'odd',
      'Both instances are fresh; a hint source is not listening.',
    ],
  ])('when %s', (_what, status, changed, tone, sentence) => {
    expect(takeSnapshot(status, observationOf(changed)).verdict).toEqual({ tone, sentence });
  });
});

describe('a snapshot of the page', () => {
  it('tells of an instance what it announced, rounded for people', () => {
    const { instances } = takeSnapshot(statusOf(), observationOf());
    expect(instances[0]).toMatchObject({
      name: 'a',
      freshness: 'fresh',
      age: '120 ms',
      bound: '2 s',
      hitRate: '99.3 %',
      leases: '2 of 2',
      up: '60 s',
      lag: 'Age of the tidemark over two minutes: last 120 ms, at most 421 ms',
      lags: [
        [4_100, null],
        [2_100, 421],
        [100, 120],
      ],
    });
  });

  it('adds its silence to the age of a frozen one', () => {
    const { instances } = takeSnapshot(statusOf(), observationOf({ instances: frozen }));
    expect(instances[1]).toMatchObject({ freshness: 'frozen', age: '9.1 s' });
  });

  it.each<[LoopState, boolean, string]>([
    [{ kind: 'working' }, true, 'this sidecar'],
    [{ kind: 'standby' }, true, 'another sidecar'],
    [{ kind: 'failing', reason: 'no answer' }, false, 'nobody'],
    [{ kind: 'starting' }, false, 'nobody yet'],
  ])('tells who publishes, with rounds that are %j', (loop, isWell, publisher) => {
    const { namespaces } = takeSnapshot(statusOf({ loop }), observationOf());
    expect(namespaces).toMatchObject([{ isWell, publisher, position: '3-14', roundsDone: 7 }]);
    expect(namespaces[0]?.sentence === null).toBe(isWell);
  });

  it('tells that nobody publishes in a namespace that only instances name', () => {
    const namespaces = [
      { ...namespaceOf(), namespace: 'other' },
      { namespace: 'typo', head: null, watch: null, stillMs: null },
    ];
    expect(takeSnapshot(statusOf(), observationOf({ namespaces })).namespaces).toMatchObject([
      { isWell: true, publisher: 'another process' },
      { isWell: false, publisher: 'nobody', sentence: expect.stringMatching(/^No sidecar has published/) },
    ]);
  });

  it('explains a hint source that does not listen, and what that costs', () => {
    const hints = [
      silent,
      { ...silent, name: 'changes', state: 'refused', reason: 'no such table' } as const,
    ];
    const shown = takeSnapshot(statusOf({ hints }), observationOf()).hints;
    expect(shown.map(({ sentence }) => sentence)).toEqual([
      expect.stringMatching(/^Rounds found changes that it did not announce.*up to a round period later\.$/),
      expect.stringMatching(/^It was refused: no such table\. Until it listens/),
    ]);
  });

  it('shows a few keys of a record, cut, and what a record without changes means', () => {
    const keys = Array.from({ length: maxKeysPerRecord }, (_, at) => `${at}-${'k'.repeat(500)}`);
    const at = { generation: 3, sequence: 14 };
    const { records } = takeSnapshot(
      statusOf(),
      observationOf({
        records: [
          {
            namespace: 'main',
            agoMs: 400,
            record: {
              position: at,
              previous: at,
              changes: new Map([
                ['public.item', keys],
                ['public.flag', null],
              ]),
            },
          },
          { namespace: 'main', agoMs: 12_400, record: { position: at, previous: null, changes: new Map() } },
        ],
      }),
    );
    expect(records[0]?.changes[0]).toMatchObject({ table: 'public.item', more: maxKeysPerRecord - 6 });
    expect(records[0]?.changes[0]?.keys?.every((key) => key.length <= 80)).toBe(true);
    expect(records[0]).toMatchObject({ ago: 'just now', link: null, changes: [{}, { keys: null, more: 0 }] });
    expect(records[1]).toMatchObject({ ago: '12 s ago', link: expect.stringMatching(/starts anew/) });
  });

  it('shows of each table what the checker counted, and nothing where it is off', () => {
    const shown = (status: SidecarStatus): unknown => takeSnapshot(status, observationOf()).tables[0];
    expect(shown(statusOf())).toMatchObject({ checked: null, isStale: false });
    expect(shown(statusOf({ checker: new CheckerCounts().status }))).toMatchObject({ checked: null });
    expect(shown(statusOf({ checker: checkedOf(0) }))).toMatchObject({
      checked: 'checker: 1,234 values sampled, 1,200 agreed, 0 stale beyond the bound',
      isStale: false,
    });
    const found = takeSnapshot(statusOf({ checker: checkedOf(2) }), observationOf());
    expect(found.tables[0]?.isStale).toBe(true);
    expect(found.problems).toEqual([
      expect.stringMatching(/^the checker found 2 L2 values that differed from their rows beyond the bound/),
    ]);
  });

  it('tells of strangers', () => {
    expect(takeSnapshot(statusOf(), observationOf({ refused: 3 })).problems).toEqual([
      expect.stringMatching(/^3 announcements could not be read/),
    ]);
  });
});
