import type { Head, WatchedTable } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import type { SidecarAnswer } from './sidecar-status.ts';
import { type InstanceReport, lines, type NamespaceReport, problemsOf } from './status-report.ts';

const silent: SidecarAnswer = { kind: 'silent', url: 'http://127.0.0.1:1', reason: 'no answer' };

const answered: SidecarAnswer = {
  kind: 'answered',
  url: 'http://127.0.0.1:8787',
  isReady: false,
  problems: ['rounds fail'],
  engine: {
    namespaces: [{ namespace: 'main', loop: { kind: 'failing' } }],
    hints: [
      { name: 'changes', state: 'silent', heard: 2, silences: 1 },
      {
        name: 'broadcast',
        state: 'listening',
        heard: 9,
        silences: 0,
        announced: { inTime: 8, late: 1, never: 2, away: 0, medianDelayMs: 1.2 },
      },
    ],
  },
};

const head: Head = {
  position: { generation: 2, sequence: 3 },
  floor: 1,
  begun: 5,
  done: 4,
  watchHash: 'h',
  tableFloors: new Map(),
};

function namespace(change: Partial<NamespaceReport>, table: Partial<WatchedTable> = {}): NamespaceReport {
  const watched = { namespace: 'main', prefixes: ['copilot:a'], problem: null, ...table };
  return {
    namespace: 'main',
    head,
    watch: { hash: 'h', roundEveryMs: 250, tables: new Map([['public.a', watched]]) },
    hintListeners: 2,
    recordListeners: 3,
    isMoving: true,
    ...change,
  };
}

function instance(change: Partial<InstanceReport>): InstanceReport {
  return {
    name: 'api-1',
    version: '0.1.0',
    tidemarkAgeMs: 410,
    freshness: 'fresh',
    sentence: null,
    ...change,
  };
}

describe('the problems of a status', () => {
  it.each<[string, Parameters<typeof problemsOf>[0], unknown[]]>([
    [
      'a moving head',
      { sidecar: silent, namespaces: [namespace({})], instances: null, isUrlGiven: false },
      [],
    ],
    [
      'a sidecar that was named and is silent',
      { sidecar: silent, namespaces: [namespace({})], instances: null, isUrlGiven: true },
      ['no sidecar answers at http://127.0.0.1:1 (no answer)'],
    ],
    [
      'what the sidecar says',
      { sidecar: answered, namespaces: null, instances: null, isUrlGiven: false },
      ['rounds fail'],
    ],
    [
      'a head that stands still',
      { sidecar: silent, namespaces: [namespace({ isMoving: false })], instances: null, isUrlGiven: false },
      [expect.stringMatching(/^the head of the namespace main stands still/)],
    ],
    [
      'no head',
      {
        sidecar: silent,
        namespaces: [namespace({ head: null, isMoving: false })],
        instances: null,
        isUrlGiven: false,
      },
      [expect.stringMatching(/^the namespace main has no head/)],
    ],
    [
      'a table that is not followed well',
      {
        sidecar: silent,
        namespaces: [namespace({}, { problem: 'lacks a trigger' })],
        instances: null,
        isUrlGiven: false,
      },
      ['lacks a trigger'],
    ],
    [
      'instances that are not fresh; one that has just started is no problem',
      {
        sidecar: silent,
        namespaces: [namespace({})],
        instances: [
          instance({ sentence: 'Nothing to say.' }),
          instance({ freshness: 'starting', sentence: 'Up for 1 s.' }),
          instance({ freshness: 'behind', sentence: 'Its tidemark is old.' }),
          instance({ name: 'api-2', freshness: 'frozen', sentence: 'Nothing was heard of it.' }),
        ],
        isUrlGiven: false,
      },
      [
        'the instance api-1 is behind: Its tidemark is old.',
        'the instance api-2 is frozen: Nothing was heard of it.',
      ],
    ],
    [
      'a checker that found a survivor',
      {
        sidecar: { ...answered, problems: [], checker: { sampled: 9, agreed: 8, staleBeyondBound: 1 } },
        namespaces: null,
        instances: null,
        isUrlGiven: false,
      },
      [expect.stringMatching(/^the checker found an L2 value that differed/)],
    ],
    [
      'a checker that found none',
      {
        sidecar: { ...answered, problems: [], checker: { sampled: 9, agreed: 9, staleBeyondBound: 0 } },
        namespaces: null,
        instances: null,
        isUrlGiven: false,
      },
      [],
    ],
    [
      'no table at all',
      { sidecar: silent, namespaces: [namespace({ watch: null })], instances: null, isUrlGiven: false },
      [expect.stringMatching(/^no table is followed/)],
    ],
  ])('are those of %s', (_name, facts, problems) => {
    expect(problemsOf(facts)).toEqual(problems);
  });
});

it('a status is told line by line', () => {
  const report = {
    sidecar: answered,
    namespaces: [namespace({}, { isBestEffort: true })],
    instances: [instance({}), instance({ freshness: 'behind', tidemarkAgeMs: null })],
    problems: ['rounds fail'],
  };
  expect(lines(report)).toEqual([
    'sidecar http://127.0.0.1:8787: not ready',
    '  rounds of main: failing',
    '  hints from changes: silent, heard 2, silences 1',
    '  hints from broadcast: listening, heard 9, silences 0; 8 announced in time (usually within 2 ms), 1 late, 2 lost',
    'namespace main: head 2-3, moving, round 4; listening: 2 for hints, 3 for records',
    '  public.a  copilot:a  (best effort: no bound)',
    'instance api-1 (0.1.0): fresh, tidemark 410 ms old',
    'instance api-1 (0.1.0): behind, no tidemark',
    'problem: rounds fail',
  ]);
  const checker = { sampled: 90, agreed: 80, staleBeyondBound: 2 };
  expect(lines({ ...report, sidecar: { ...answered, checker } })).toContain(
    '  checker: 90 values sampled, 80 agreed, 2 stale beyond the bound',
  );
  expect(lines({ sidecar: silent, namespaces: [], instances: null, problems: [] })).toEqual([
    'sidecar http://127.0.0.1:1: no answer (no answer)',
    'all is well',
  ]);
});
