import { TidemarkError, type Watch, type WatchedTable } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { judgeBindings } from './bindings.ts';
import { canaryOf } from './canary.ts';
import { judgeDeclared } from './declared.ts';
import type { Judgement } from './finding.ts';
import { judgeGrants } from './grants.ts';
import { judgeArrival } from './hint-arrival.ts';
import type { InspectedTable, Inspection } from './inspection.ts';
import { judgeJournal } from './journal.ts';
import { judgePublication } from './publication.ts';
import { judgeRowSecurity } from './row-security.ts';
import { judgeSchemas } from './schemas.ts';
import { tableName, trackSql } from './sql-text.ts';
import { judgeTriggers } from './triggers.ts';

const table: InspectedTable = {
  columns: ['id'],
  hasPrimaryKey: true,
  replicaIdentity: 'd',
  isPublished: true,
  hasRowSecurity: true,
  readers: ['service_role'],
};

function inspected(change: Partial<InspectedTable>, project: Partial<Inspection> = {}): Inspection {
  return {
    hasPublication: true,
    sendsBroadcasts: true,
    journal: table,
    rpcs: { 'public.tidemark_prune(interval)': ['service_role'] },
    tables: { 'app.a': { ...table, ...change } },
    ...project,
  };
}

function watch(change: Partial<WatchedTable> = {}): Watch {
  return new Map([['app.a', { namespace: 'main', prefixes: ['p'], problem: null, key: 'id', ...change }]]);
}

function statuses(judged: readonly Judgement[]): string[] {
  return judged.map(({ status }) => status);
}

describe('the journal', () => {
  const refusal = (code: string, cause?: unknown): TidemarkError => new TidemarkError('why', { code, cause });

  it.each<[string, Error, Partial<Judgement>]>([
    ['is not installed', refusal('JOURNAL_NOT_INSTALLED'), { sentence: 'why', command: 'supabase db push' }],
    ['is not exposed', refusal('JOURNAL_NOT_EXPOSED'), { sentence: 'why' }],
    ['refuses the key', refusal('JOURNAL_KEY_REFUSED', { code: 'PGRST301' }), { sentence: 'why' }],
    [
      'refuses the role',
      refusal('JOURNAL_KEY_REFUSED', { code: '42501' }),
      {
        sentence: 'X answers, and the role may not execute public.tidemark_changes_since: grant it',
        sql: [`select tidemark.grant_to_sidecar('public.tidemark_changes_since(text,text)');`],
      },
    ],
  ])('that %s fails', (_name, answer, judgement) => {
    expect(judgeJournal(answer, 'X')).toEqual({ status: 'fail', ...judgement });
  });

  it('of a standby fails, whatever it answers', () => {
    const read = {
      cursor: { snapshot: '1:1:', server: 's', watchHash: 'h' },
      wentBack: false,
      wasPruned: false,
      changes: [],
      watch: null,
    };
    expect(judgeJournal({ ...read, isInRecovery: true }, 'X').status).toBe('fail');
    expect(judgeJournal({ ...read, isInRecovery: false }, 'X').status).toBe('ok');
  });
});

describe('what is tracked', () => {
  it('is none: that fails, with the command to begin with', () => {
    expect(judgeTriggers(new Map())).toEqual([expect.objectContaining({ status: 'fail' })]);
  });

  it.each<[string, string[] | undefined]>([
    [
      `app.a lacks the trigger tidemark_update: run select tidemark.track('app.a', 'id', '{p}', 'main', 't')`,
      [`select tidemark.track('app.a', 'id', '{p}', 'main', 't');`],
    ],
    // Each of these asks for a decision first.
    [
      `app.a does not exist: create it and run select tidemark.track('app.a'), or run select tidemark.untrack('app.a')`,
      undefined,
    ],
    [
      `app.a is filled by a subscription, which fires no statement trigger: run select tidemark.untrack('app.a')`,
      undefined,
    ],
    ['the key needs columns that are gone (id): run tidemark.track with a key that fits', undefined],
  ])('has a problem: %s', (problem, sql) => {
    const [judged, ...more] = judgeTriggers(watch({ problem }));
    expect(more).toEqual([]);
    expect(judged).toMatchObject({ status: 'fail', sentence: problem });
    expect(judged?.sql).toEqual(sql);
  });

  it('gives a canary from a table whose triggers send hints, and none from best effort', () => {
    const quiet: WatchedTable = { namespace: 'n', prefixes: [], problem: null, isQuiet: true };
    expect(canaryOf(new Map([['app.b', quiet], ...watch()]), '1')).toEqual({
      table: 'app.a',
      namespace: 'main',
      key: 'tidemark-doctor-1',
    });
    expect(canaryOf(new Map([['app.b', quiet]]), '1')?.table).toBe('app.b');
    expect(canaryOf(watch({ isBestEffort: true }), '1')).toBeNull();
  });
});

describe('what is declared', () => {
  const declaration = { table: 'app.a', key: 'id', prefixes: ['p'] };
  const facts = {
    tables: [declaration],
    bestEffortTables: [],
    watch: watch(),
    inspected: inspected({}).tables,
  };

  it('is fine, also where nobody can tell the columns', () => {
    expect(statuses(judgeDeclared(facts))).toEqual(['ok']);
    expect(statuses(judgeDeclared({ ...facts, inspected: undefined }))).toEqual(['ok']);
  });

  it('keeps prefixes, namespace and silence of what is tracked already', () => {
    const tracked = watch({ namespace: 'n', prefixes: ['q'], isQuiet: true });
    expect(judgeDeclared({ ...facts, watch: tracked })[0]?.sql).toEqual([
      `select tidemark.track('app.a', 'id', array['q', 'p'], 'n', false);`,
    ]);
  });

  it('is best effort: its key must be of its columns, too', () => {
    const bestEffortTables = [{ table: 'app.a', key: ['id', 'gone'], prefixes: ['p'] }];
    const judged = judgeDeclared({ ...facts, tables: [], bestEffortTables });
    expect(judged.map(({ sentence }) => sentence)).toEqual([expect.stringMatching(/got gone/)]);
    const both = judgeDeclared({ ...facts, watch: watch({ isBestEffort: true }) });
    expect(both).toEqual([expect.objectContaining({ status: 'fail' })]);
    expect(both[0]?.sql).toBeUndefined();
  });
});

describe('the publication (#24)', () => {
  const needs = { hinted: ['app.a'], hasBroadcast: true, bestEffort: [] };

  it.each<[string, Inspection, string[], (string[] | undefined)[]]>([
    ['holds all', inspected({}), ['ok'], [undefined]],
    [
      'is missing',
      inspected({ isPublished: false }, { hasPublication: false, journal: { ...table, isPublished: false } }),
      ['warn', 'warn', 'warn'],
      [
        ['create publication supabase_realtime;'],
        ['alter publication supabase_realtime add table tidemark.change;'],
        ['alter publication supabase_realtime add table app.a;'],
      ],
    ],
    // Publishing it as it is would break its updates.
    [
      'lacks a table without a primary key',
      inspected({ isPublished: false, hasPrimaryKey: false }),
      ['warn'],
      [undefined],
    ],
    [
      'lacks one without a replica identity',
      inspected({ isPublished: false, replicaIdentity: 'n' }),
      ['warn'],
      [undefined],
    ],
  ])('that %s is told', (_name, inspection, expected, sql) => {
    const judged = judgePublication(inspection, needs);
    expect(statuses(judged)).toEqual(expected);
    expect(judged.map((one) => one.sql)).toEqual(sql);
  });

  it('without a table of best effort fails: nothing else tells of it', () => {
    const judged = judgePublication(inspected({ isPublished: false }), {
      hinted: [],
      hasBroadcast: false,
      bestEffort: ['app.a'],
    });
    expect(statuses(judged)).toEqual(['fail']);
  });
});

it('a Realtime without realtime.send is told where broadcasts are wanted', () => {
  const inspection = inspected({}, { sendsBroadcasts: false });
  const needs = { hinted: [], hasBroadcast: true, bestEffort: [] };
  expect(statuses(judgePublication(inspection, needs))).toEqual(['warn']);
  expect(statuses(judgePublication(inspection, { ...needs, hasBroadcast: false }))).toEqual(['ok']);
});

describe('rights', () => {
  it('that service_role lacks on the journal cost hints only', () => {
    const judged = judgeGrants(inspected({}, { journal: { ...table, readers: [] } }));
    expect(statuses(judged)).toEqual(['warn']);
    expect(judged[0]?.sql).toEqual([
      'grant usage on schema tidemark to service_role;',
      'grant select on tidemark.change to service_role;',
    ]);
  });

  it('that users have on rows call for row level security', () => {
    const readers = ['authenticated', 'service_role'] as const;
    expect(statuses(judgeRowSecurity(inspected({ readers, hasRowSecurity: false })))).toEqual(['warn']);
    expect(statuses(judgeRowSecurity(inspected({ readers })))).toEqual(['ok']);
    expect(statuses(judgeRowSecurity(inspected({ hasRowSecurity: false })))).toEqual(['ok']);
  });

  it('of schemas: those of loaders are open, those of the journal are closed', () => {
    const asked = [
      { name: 'copilot_internal', isExposed: false },
      { name: 'app', isExposed: false },
      { name: 'tidemark', isExposed: true },
      { name: 'copilot_private', isExposed: false },
    ];
    expect(statuses(judgeSchemas(asked))).toEqual(['fail', 'warn', 'warn']);
  });
});

describe('Realtime', () => {
  it('that refuses or ignores a binding costs lag, and a table of best effort everything', () => {
    const refused = { kind: 'refused', reason: 'r' } as const;
    const judged = judgeBindings([
      { name: 'a', isOnlySource: false, outcome: { kind: 'joined' } },
      { name: 'b', isOnlySource: false, outcome: refused },
      { name: 'c', isOnlySource: true, outcome: refused },
      { name: 'd', isOnlySource: false, outcome: { kind: 'unanswered' } },
    ]);
    expect(statuses(judged)).toEqual(['warn', 'fail', 'warn']);
  });

  it('is not blamed for a hint of a channel that was never joined', () => {
    const judged = judgeArrival([
      { name: 'a', wasHeard: true },
      { name: 'b', wasHeard: null },
      { name: 'c', wasHeard: false },
    ]);
    expect(statuses(judged)).toEqual(['skipped', 'warn']);
  });
});

it('names stand in SQL as PostgreSQL reads them back', () => {
  expect(tableName('public.customers')).toBe('public.customers');
  expect(tableName('App.my "table"')).toBe('"App"."my ""table"""');
  expect(trackSql({ table: 'app.a', key: `data->>'id'`, prefixes: [] }, undefined)).toBe(
    `select tidemark.track('app.a', 'data->>''id''', '{}');`,
  );
});
