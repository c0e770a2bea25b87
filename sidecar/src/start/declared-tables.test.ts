import type { Watch, WatchedTable } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import type { DeclaredTable } from '../config/tables-setting.ts';
import { declarationProblems, trackCommand } from './declared-tables.ts';

const customers: DeclaredTable = { table: 'public.customers', key: 'id', prefixes: ['copilot:customers'] };

function watching(change: Partial<WatchedTable>): Watch {
  const tracked = { namespace: 'main', prefixes: customers.prefixes, problem: null, key: 'id' };
  return new Map([[customers.table, { ...tracked, ...change }]]);
}

describe('a declared table', () => {
  it('is fine when it is tracked by the same key, however that is spaced, and with more prefixes', () => {
    const declared = { ...customers, key: 'array[a,  b]' };
    const watch = watching({ key: 'ARRAY[ a,b ]'.toLowerCase(), prefixes: ['other', 'copilot:customers'] });
    expect(declarationProblems([declared], watch)).toEqual([]);
  });

  it('is taken as it is where the migrations do not tell the key', () => {
    const watch = new Map([
      [customers.table, { namespace: 'main', prefixes: customers.prefixes, problem: null }],
    ]);
    expect(declarationProblems([customers], watch)).toEqual([]);
  });

  it.each<[string, Watch, RegExp]>([
    [
      'is not tracked',
      new Map(),
      /declared and not tracked.*: run tidemark track public\.customers --key id/,
    ],
    ['has another key', watching({ key: 'name' }), /declared with the key id, and tracked with the key name/],
    ['is best effort', watching({ isBestEffort: true }), /followed by Realtime alone/],
    ['lacks a prefix', watching({ prefixes: [] }), /tracked without the prefix copilot:customers/],
  ])('that %s is told, with what to run', (_name, watch, sentence) => {
    expect(declarationProblems([customers], watch)).toEqual([expect.stringMatching(sentence)]);
  });

  it('is tracked by a command that a shell takes as it is', () => {
    expect(trackCommand({ table: 'a.b', key: `data->>'id'`, prefixes: ['p', 'q r'] })).toBe(
      String.raw`tidemark track a.b --key 'data->>'\''id'\''' --prefix p --prefix 'q r'`,
    );
  });
});
