import type { Head, WatchedTable } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import type { SidecarAnswer } from './sidecar-status.ts';
import { lines, type NamespaceReport, problemsOf } from './status.ts';

const silent: SidecarAnswer = { kind: 'silent', url: 'http://127.0.0.1:1', reason: 'no answer' };

const answered: SidecarAnswer = {
  kind: 'answered',
  url: 'http://127.0.0.1:8787',
  isReady: false,
  problems: ['rounds fail'],
  engine: {
    namespaces: [{ namespace: 'main', loop: { kind: 'failing' } }],
    hints: [{ name: 'changes', state: 'silent', heard: 2, silences: 1 }],
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
    engines: 2,
    instances: 3,
    isMoving: true,
    ...change,
  };
}

describe('the problems of a status', () => {
  it.each<[string, Parameters<typeof problemsOf>[0], unknown[]]>([
    ['a moving head', { sidecar: silent, namespaces: [namespace({})], isUrlGiven: false }, []],
    [
      'a sidecar that was named and is silent',
      { sidecar: silent, namespaces: [namespace({})], isUrlGiven: true },
      ['no sidecar answers at http://127.0.0.1:1 (no answer)'],
    ],
    ['what the sidecar says', { sidecar: answered, namespaces: null, isUrlGiven: false }, ['rounds fail']],
    [
      'a head that stands still',
      { sidecar: silent, namespaces: [namespace({ isMoving: false })], isUrlGiven: false },
      [expect.stringMatching(/^the head of the namespace main stands still/)],
    ],
    [
      'no head',
      { sidecar: silent, namespaces: [namespace({ head: null, isMoving: false })], isUrlGiven: false },
      [expect.stringMatching(/^the namespace main has no head/)],
    ],
    [
      'a table that is not followed well',
      { sidecar: silent, namespaces: [namespace({}, { problem: 'lacks a trigger' })], isUrlGiven: false },
      ['lacks a trigger'],
    ],
    [
      'no table at all',
      { sidecar: silent, namespaces: [namespace({ watch: null })], isUrlGiven: false },
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
    problems: ['rounds fail'],
  };
  expect(lines(report)).toEqual([
    'sidecar http://127.0.0.1:8787: not ready',
    '  rounds of main: failing',
    '  hints from changes: silent, heard 2, silences 1',
    'namespace main: head 2-3, moving, round 4; listening: 2 with rounds, 3 for records',
    '  public.a  copilot:a  (best effort: no bound)',
    'problem: rounds fail',
  ]);
  expect(lines({ sidecar: silent, namespaces: [], problems: [] })).toEqual([
    'sidecar http://127.0.0.1:1: no answer (no answer)',
    'all is well',
  ]);
});
