import { isContinuous, TidemarkError, type WatchedTable } from '@tidemark/protocol';
import { describe, expect, test } from 'vitest';
import { parseGlance, parseRead } from './parse-read.ts';

const server = { recovery: false, startedAt: '1', recoveredAt: '2', systemId: '7', timeline: 1 };
const answer = {
  snapshot: '10:10:',
  server,
  wentBack: false,
  pruned: false,
  watchHash: 'w',
  watch: { 'a.t': { namespace: 'main', prefixes: ['copilot:t'], problem: null } },
  changes: [
    { table: 'a.t', keys: ['k'] },
    { table: 'a.u', keys: null },
  ],
};

describe('an answer of the journal', () => {
  test('is read whole', () => {
    expect(parseRead(answer)).toEqual({
      cursor: {
        snapshot: '10:10:',
        server: JSON.stringify({ startedAt: '1', recoveredAt: '2', systemId: '7', timeline: 1 }),
        watchHash: 'w',
      },
      isInRecovery: false,
      wentBack: false,
      wasPruned: false,
      changes: answer.changes,
      watch: new Map(Object.entries(answer.watch)),
    });
  });

  test('tells the tables that send no hints, and the key of a table where the migrations say it', () => {
    const watch = {
      't.quiet': { namespace: 'main', prefixes: [], problem: null, broadcast: false },
      't.loud': { namespace: 'main', prefixes: [], problem: null, key: 'id', broadcast: true },
    };
    expect(parseRead({ ...answer, watch }).watch).toEqual(
      new Map<string, WatchedTable>([
        ['t.quiet', { namespace: 'main', prefixes: [], problem: null, isQuiet: true }],
        ['t.loud', { namespace: 'main', prefixes: [], problem: null, key: 'id' }],
      ]),
    );
  });

  test('tells which transactions changed a table, and how long ago, where the migrations say it', () => {
    const transactions = [
      ['a.t', '7', 1.5],
      ['a.t', '8', -0.2],
    ];
    expect(parseRead({ ...answer, transactions }).transactions).toEqual([
      { table: 'a.t', xid: '7', ageMs: 1.5 },
      // The clock of the server was set back in between.
      { table: 'a.t', xid: '8', ageMs: 0 },
    ]);
  });

  test('without a watch says that the caller knows it', () => {
    expect(parseRead({ ...answer, watch: null }).watch).toBeNull();
  });

  test('may come from a platform that keeps its control file to itself', () => {
    const read = parseRead({ ...answer, server: { ...server, systemId: null, timeline: null } });
    expect(read.cursor.server).toContain('"startedAt":"1"');
  });

  test('may come from migrations that do not tell when the server recovered', () => {
    const { recoveredAt: _, ...older } = server;
    expect(isContinuous(parseRead({ ...answer, server: older }).cursor, parseRead(answer))).toBe(false);
  });

  test.each(['startedAt', 'recoveredAt', 'systemId', 'timeline'] as const)(
    'names another server when its %s is another one, and nobody goes on from a cursor of the first',
    (field) => {
      const before = parseRead(answer).cursor;
      const after = parseRead({ ...answer, server: { ...server, [field]: field === 'timeline' ? 2 : '99' } });
      expect(isContinuous(before, parseRead(answer))).toBe(true);
      expect(isContinuous(before, after)).toBe(false);
    },
  );

  test('passes on what ends continuity: recovery, lost commits, a pruned journal', () => {
    expect(parseRead({ ...answer, server: { ...server, recovery: true } }).isInRecovery).toBe(true);
    expect(parseRead({ ...answer, wentBack: true }).wentBack).toBe(true);
    expect(parseRead({ ...answer, pruned: true }).wasPruned).toBe(true);
  });

  test.each([
    ['nothing', undefined, ''],
    ['null', null, ''],
    ['a text', '{}', ''],
    ['a list', [answer], ''],
    ['no snapshot', { ...answer, snapshot: undefined }, 'snapshot'],
    ['a snapshot as a number', { ...answer, snapshot: 10 }, 'snapshot'],
    ['no server', { ...answer, server: undefined }, 'server'],
    ['no word on recovery', { ...answer, server: { ...server, recovery: null } }, 'server.recovery'],
    ['no word on lost commits', { ...answer, wentBack: null }, 'wentBack'],
    ['no word on pruning', { ...answer, pruned: undefined }, 'pruned'],
    ['no watch hash', { ...answer, watchHash: null }, 'watchHash'],
    [
      'a watch without prefixes',
      { ...answer, watch: { t: { namespace: 'm', problem: null } } },
      'watch.t.prefixes',
    ],
    ['no changes', { ...answer, changes: null }, 'changes'],
    ['a change without keys', { ...answer, changes: [{ table: 't' }] }, 'changes.0.keys'],
    ['a key that is a number', { ...answer, changes: [{ table: 't', keys: [1] }] }, 'changes.0.keys.0'],
  ])('with %s is refused, and the error says where and what to do', (_what, value, where) => {
    const read = (): unknown => parseRead(value);
    expect(read).toThrow(TidemarkError);
    expect(read).toThrow(`(at "${where}"): apply the migrations of this version`);
    expect(read).toThrow(expect.objectContaining({ code: 'JOURNAL_ANSWER_INVALID' }));
  });

  test('may hold more than this version knows', () => {
    expect(parseRead({ ...answer, future: true, changes: [] }).changes).toEqual([]);
  });
});

describe('an answer to a glance', () => {
  const life = { startedAt: '1', recoveredAt: '2' };
  const since = {
    snapshot: '9:9:',
    server: JSON.stringify({ ...life, systemId: '7', timeline: 1 }),
    watchHash: 'w',
  };
  const { watchHash: _hash, watch: _watch, ...rest } = answer;
  const glance = { ...rest, server: { recovery: false, ...life } };

  test('goes on under the server and the watch of the cursor before it', () => {
    expect(parseGlance(glance, since)).toEqual({
      cursor: { ...since, snapshot: answer.snapshot },
      isInRecovery: false,
      wentBack: false,
      wasPruned: false,
      changes: answer.changes,
    });
  });

  test.each([
    ['that was started anew', { ...life, startedAt: '3' }],
    ['that has recovered since', { ...life, recoveredAt: '3' }],
  ])('of a server %s can not be gone on from (R1)', (_what, other) => {
    const read = parseGlance({ ...glance, server: { recovery: false, ...other } }, since);
    expect(isContinuous(since, read)).toBe(false);
  });

  test('under a cursor whose server can not be read can not be gone on from', () => {
    const damaged = { ...since, server: 'by a stranger' };
    expect(isContinuous(damaged, parseGlance(glance, damaged))).toBe(false);
  });

  test('of another shape is refused', () => {
    expect(() => parseGlance(answer.server, since)).toThrow(/the answer of tidemark_glance/);
  });
});
