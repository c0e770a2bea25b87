import type { Head, L2Value, LogRecord, Position } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { type RegionKey, regionKeysOf } from '../redis/region-keys.ts';
import { type Verdict, verdictOf } from './verdict.ts';

const at = (generation: number, sequence: number): Position => ({ generation, sequence });

const head: Head = {
  position: at(5, 10),
  floor: 3,
  begun: 1,
  done: 1,
  watchHash: 'h',
  tableFloors: new Map([['public.a', at(5, 2)]]),
};

const region: RegionKey = {
  prefix: 'copilot:a',
  encodedKey: 'x',
  namespace: 'main',
  tables: [{ table: 'public.a', problem: null }],
};

const value = (notedAt: Position): L2Value => ({ notedAt, payload: '1' });

function record(changes: Record<string, string[] | null>): LogRecord {
  return { position: at(5, 9), previous: at(5, 8), changes: new Map(Object.entries(changes)) };
}

describe('the verdict on an L2 value', () => {
  it.each<[string, Parameters<typeof verdictOf>[0], Verdict['kind'], RegExp]>([
    ['that is absent', { region, head, value: undefined, records: [] }, 'absent', /next read loads it/],
    ['that is no value', { region, head, value: null, records: [] }, 'unproved', /corrupt/],
    ['without a head', { region, head: null, value: value(at(5, 8)), records: [] }, 'unproved', /no head/],
    [
      'below the floor of the generation',
      { region, head, value: value(at(2, 8)), records: null },
      'overtaken',
      /generation 3/,
    ],
    [
      'below the floor of its table',
      { region, head, value: value(at(5, 1)), records: [] },
      'overtaken',
      /public\.a at 5-2/,
    ],
    [
      'ahead of the head',
      { region, head, value: value(at(5, 11)), records: [] },
      'unproved',
      /ahead of the head/,
    ],
    [
      'that a record names',
      { region, head, value: value(at(5, 8)), records: [record({ 'public.a': ['y', 'x'] })] },
      'overtaken',
      /5-9/,
    ],
    [
      'whose table a record names',
      { region, head, value: value(at(5, 8)), records: [record({ 'public.a': null })] },
      'overtaken',
      /5-9/,
    ],
    [
      'of whose table other keys changed',
      { region, head, value: value(at(5, 8)), records: [record({ 'public.a': ['y'], 'public.b': null })] },
      'fresh',
      /no record since/,
    ],
    [
      'that is older than the log',
      { region, head, value: value(at(5, 8)), records: null },
      'fresh',
      /log does not reach/,
    ],
    [
      'of a table that is not followed well',
      {
        region: { ...region, tables: [{ table: 'public.a', problem: 'lacks a trigger' }] },
        head,
        value: value(at(5, 8)),
        records: [],
      },
      'unproved',
      /lacks a trigger/,
    ],
  ])('%s', (_name, facts, kind, reason) => {
    expect(verdictOf(facts)).toEqual({ kind, reason: expect.stringMatching(reason) });
  });
});

describe('the regions of a key', () => {
  const watched = (prefixes: string[]) => ({ namespace: 'main', prefixes, problem: null });

  it('are all whose prefix it has, with all tables that feed them, the longest prefix first', () => {
    const watch = new Map([
      ['public.a', watched(['copilot:a', 'copilot:other'])],
      ['public.b', watched(['copilot:a:b'])],
      ['public.c', watched(['copilot:a'])],
    ]);
    expect(
      regionKeysOf('copilot:a:b:c', watch).map(({ prefix, encodedKey, tables }) => [
        prefix,
        encodedKey,
        tables.map(({ table }) => table).join(),
      ]),
    ).toEqual([
      ['copilot:a:b', 'c', 'public.b'],
      ['copilot:a', 'b:c', 'public.a,public.c'],
    ]);
  });

  it('are none for another word with the same beginning, and for a prefix alone', () => {
    const watch = new Map([['public.a', watched(['copilot:a'])]]);
    for (const key of ['copilot:ab:c', 'copilot:a', 'copilot:a:'])
      expect(regionKeysOf(key, watch)).toEqual([]);
  });
});
