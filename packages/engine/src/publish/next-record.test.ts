import { type Head, maxKeysPerRecord, type TableChange, type Watch } from '@tidemark/protocol';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { watched } from '../testing/scripted-journal.ts';
import { addRecord, changesOf, finishRound, overtakenValues } from './next-record.ts';

const watch: Watch = new Map([
  ['a.policies', watched('main', 'copilot:policy')],
  ['a.configs', watched('main', 'copilot:config', 'copilot:other')],
  ['a.conversations', watched('conversations', 'copilot:conversation')],
]);

function keys(count: number, first = 0): string[] {
  return Array.from({ length: count }, (_, index) => `k${first + index}`);
}

describe('the changes of a namespace', () => {
  test('merge what several transactions did to a table, each key once', () => {
    const changes = changesOf('main', watch, [
      { table: 'a.policies', keys: ['one', 'two'] },
      { table: 'a.configs', keys: ['one'] },
      { table: 'a.policies', keys: ['two', 'three'] },
    ]);
    expect([...changes]).toEqual([
      ['a.policies', ['one', 'two', 'three']],
      ['a.configs', ['one']],
    ]);
  });

  test('leave out the tables of other namespaces and tables that nobody watches', () => {
    const read: TableChange[] = [
      { table: 'a.conversations', keys: ['c'] },
      { table: 'a.unwatched', keys: null },
    ];
    expect([...changesOf('main', watch, read)]).toEqual([]);
    expect([...changesOf('conversations', watch, read)]).toEqual([['a.conversations', ['c']]]);
  });

  test.each([
    ['first', [null, ['k']]],
    ['last', [['k'], null]],
  ] as const)(
    'are the whole table when one transaction changed all of it, be it the %s',
    (_where, [a, b]) => {
      const read = [
        { table: 'a.policies', keys: a },
        { table: 'a.policies', keys: b },
      ];
      expect(changesOf('main', watch, read).get('a.policies')).toBeNull();
    },
  );

  test('name up to 1,000 keys', () => {
    const changes = changesOf('main', watch, [
      { table: 'a.policies', keys: keys(maxKeysPerRecord - 1) },
      { table: 'a.configs', keys: ['k'] },
    ]);
    expect(changes.get('a.policies')).toHaveLength(maxKeysPerRecord - 1);
    expect(changes.get('a.configs')).toEqual(['k']);
  });

  test('beyond 1,000 keys turn the largest table into a whole one, and keep the small one', () => {
    const changes = changesOf('main', watch, [
      { table: 'a.configs', keys: keys(10) },
      { table: 'a.policies', keys: keys(maxKeysPerRecord - 9) },
    ]);
    expect(changes.get('a.policies')).toBeNull();
    expect(changes.get('a.configs')).toHaveLength(10);
  });

  test('count a key that was named twice once', () => {
    const changes = changesOf('main', watch, [
      { table: 'a.policies', keys: keys(maxKeysPerRecord) },
      { table: 'a.policies', keys: keys(maxKeysPerRecord) },
    ]);
    expect(changes.get('a.policies')).toHaveLength(maxKeysPerRecord);
  });

  test('never name more than 1,000 keys, and never leave out a change (R2)', () => {
    const table = fc.constantFrom('a.policies', 'a.configs', 'a.conversations', 'a.unwatched');
    const changed = fc.option(
      fc.record({ count: fc.integer({ min: 1, max: 900 }), first: fc.integer({ min: 0, max: 900 }) }),
      { freq: 10 },
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(table, changed), { maxLength: 6 }), (script) => {
        const read = script.map(([name, range]) => ({
          table: name,
          keys: range === null ? null : keys(range.count, range.first),
        }));
        const changes = changesOf('main', watch, read);
        const named = [...changes.values()].reduce((sum, value) => sum + (value?.length ?? 0), 0);
        expect(named).toBeLessThanOrEqual(maxKeysPerRecord);
        for (const { table: name, keys: touched } of read) {
          if (watch.get(name)?.namespace !== 'main') continue;
          const recorded = changes.get(name);
          expect(recorded).toBeDefined();
          if (recorded === null || recorded === undefined) continue;
          const known = new Set(recorded);
          expect(touched?.every((key) => known.has(key))).toBe(true);
        }
      }),
    );
  });
});

describe('the L2 values that a record overtakes', () => {
  test('are the changed keys under every prefix that the table feeds', () => {
    const changes = new Map([
      ['a.configs', ['t1:u1', 't2']],
      ['a.policies', ['t1']],
    ]);
    expect(overtakenValues(changes, watch).sort()).toEqual([
      'copilot:config:t1:u1',
      'copilot:config:t2',
      'copilot:other:t1:u1',
      'copilot:other:t2',
      'copilot:policy:t1',
    ]);
  });

  test('are not listed for a whole table, whose floor refuses them instead', () => {
    expect(overtakenValues(new Map([['a.policies', null]]), watch)).toEqual([]);
  });
});

const begun: Head = {
  position: { generation: 7, sequence: 4 },
  floor: 5,
  begun: 9,
  done: 8,
  watchHash: 'w',
  tableFloors: new Map([['a.configs', { generation: 6, sequence: 1 }]]),
};

describe('a glance', () => {
  test('adds its record, and says nothing of a round, be one begun or not (R1)', () => {
    const changes = new Map([['a.policies', ['t1']]]);
    const position = { generation: 7, sequence: 5 };
    expect(addRecord(begun, changes)).toEqual({
      record: { position, previous: { generation: 7, sequence: 4 }, changes },
      head: { ...begun, position },
    });
  });

  test('that found nothing leaves the head as it was', () => {
    expect(addRecord(begun, new Map())).toEqual({ record: null, head: begun });
  });
});

describe('the end of a round', () => {
  test('that found nothing only says that it is done', () => {
    expect(finishRound(begun, new Map())).toEqual({ record: null, head: { ...begun, done: 9 } });
  });

  test('that found changes is one record, which follows the position before it', () => {
    const changes = new Map([['a.policies', ['t1']]]);
    const position = { generation: 7, sequence: 5 };
    expect(finishRound(begun, changes)).toEqual({
      record: { position, previous: { generation: 7, sequence: 4 }, changes },
      head: { ...begun, position, done: 9 },
    });
  });

  test('that found a whole table raises the floor of this table to the record, and of no other', () => {
    const { head } = finishRound(
      begun,
      new Map<string, readonly string[] | null>([
        ['a.policies', null],
        ['a.conversations', ['c']],
      ]),
    );
    expect([...head.tableFloors]).toEqual([
      ['a.configs', { generation: 6, sequence: 1 }],
      ['a.policies', { generation: 7, sequence: 5 }],
    ]);
    expect(head.floor).toBe(5);
    expect([...begun.tableFloors.keys()]).toEqual(['a.configs']);
  });
});
