import type { Journal, JournalRead, Logger, Watch } from '@tidemark/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import type { DeclaredTable } from '../config/tables-setting.ts';
import { FollowedTables } from './followed-tables.ts';

let told: string[];
let tables: FollowedTables;
let declared: DeclaredTable[];

beforeEach(() => {
  told = [];
  declared = [];
  const tell = (level: string) => (fields: object, message: string) => {
    const about = Object.values(fields).find((value) => typeof value === 'string');
    told.push(`${level} ${about === undefined ? '' : `${about}: `}${message}`);
  };
  const logger: Logger = {
    debug: tell('debug'),
    info: tell('info'),
    warn: tell('warn'),
    error: tell('error'),
    child: () => logger,
  };
  tables = new FollowedTables(logger, declared);
});

function journalWith(watches: (Watch | null)[]): Journal {
  const read = (): Promise<JournalRead> =>
    Promise.resolve({
      cursor: { snapshot: '1:1:', server: 's', watchHash: 'h' },
      isInRecovery: false,
      wentBack: false,
      wasPruned: false,
      changes: [],
      watch: watches.shift() ?? null,
    });
  const none = (): Promise<never> => Promise.reject(new Error('not expected'));
  return tables.observe({
    read,
    nextGeneration: none,
    invalidate: none,
    addPrefix: none,
    prune: none,
    close: none,
  });
}

async function readAll(journal: Journal, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    await journal.read({ since: null, knownWatchHash: null, signal: AbortSignal.abort() });
  }
}

function watch(entries: Record<string, { problem?: string; isBestEffort?: boolean }>): Watch {
  return new Map(
    Object.entries(entries).map(([table, entry]) => [
      table,
      { namespace: 'main', prefixes: [], problem: null, ...entry },
    ]),
  );
}

describe('the tables that are followed', () => {
  it('are told once, and again when they change', async () => {
    const journal = journalWith([watch({ a: {} }), null, watch({ a: {} }), watch({ a: { problem: 'p' } })]);
    await readAll(journal, 4);
    expect(told).toEqual(['info a: following a table', 'warn a: changes of a table may go unseen']);
    expect(tables.list()).toEqual([{ table: 'a', namespace: 'main', problem: 'p', isBestEffort: false }]);
  });

  it('are missed when there are none', async () => {
    await readAll(journalWith([watch({})]), 1);
    expect(told).toEqual([expect.stringMatching(/^warn no table is tracked.*tidemark\.track/)]);
  });

  it('are compared with those that the configuration declares, at each change of the watch', async () => {
    declared.push({ table: 'b', key: 'id', prefixes: [] });
    await readAll(journalWith([watch({ c: { isBestEffort: true } })]), 1);
    expect(told).toEqual(['info c: following a table']);
    told = [];
    await readAll(journalWith([watch({ a: {} }), null, watch({ a: {}, b: {} })]), 3);
    expect(told).toEqual([
      expect.stringMatching(/^warn b is declared and not tracked/),
      'info a: following a table',
      'info a: following a table',
      'info b: following a table',
    ]);
  });

  it('are those of all journals, the best-effort ones labelled', async () => {
    await readAll(journalWith([watch({ a: {} })]), 1);
    await readAll(journalWith([watch({ b: { isBestEffort: true } })]), 1);
    expect(tables.list().map(({ table, isBestEffort }) => [table, isBestEffort])).toEqual([
      ['a', false],
      ['b', true],
    ]);
  });
});
