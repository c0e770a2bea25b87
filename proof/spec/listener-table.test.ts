// The tables of the listener in docs/SPEC.md say what the code does: each cell is computed, put into words, and compared.
import type { Head, LogRecord, Position } from '@tidemark/protocol';
import { expect, test } from 'vitest';
import {
  adopt,
  checkReplay,
  type Following,
  type ListenerState,
  lost,
  onReading,
  onReconnect,
  onRecord,
} from '../../packages/cache/src/invalidate/listener-state.ts';
import { readTable, type Table } from './spec-page.ts';

const at = (generation: number, sequence: number): Position => ({ generation, sequence });
const when = (ms: number): Following['readings'][number]['at'] => ({ monotonicMs: ms, wallMs: ms });

/** At 2-5, with a reading that no round has confirmed, and a mark that waits for 2-6. */
const following: Following = {
  kind: 'following',
  position: at(2, 5),
  readings: [{ begun: 7, at: when(70) }],
  awaited: [{ position: at(2, 6), at: when(60) }],
};

function record(position: Position, previous: Position | null): LogRecord {
  return { position, previous, changes: new Map() };
}

function head(position: Position, done: number): Head {
  return { position, floor: 0, begun: 8, done, watchHash: 'w', tableFloors: new Map() };
}

function isEmpty({ readings, awaited }: Following): boolean {
  return readings.length === 0 && awaited.length === 0;
}

function afterRecord(given: LogRecord) {
  return (state: ListenerState): string => {
    const outcome = onRecord(state, given);
    if (outcome.kind === 'gap') return 'gap: ask the log';
    if (outcome.kind === 'reset') return 'reset, lost: ask the log';
    if (outcome.kind === 'passed over') return outcome.kind;
    expect(outcome.state.position).toEqual(given.position);
    if (isEmpty(outcome.state)) return 'applied: the position moves, readings and awaited are discarded';
    expect(outcome.tidemark).toEqual(when(60));
    return 'applied: the position moves, a mark awaited up to there is advanced';
  };
}

function afterReading(given: Head) {
  return (state: ListenerState): string => {
    const outcome = onReading(state, given, when(80));
    const after = outcome.state.kind === 'following' ? outcome.state : adopt(at(0, 0));
    const before = state.kind === 'following' ? state : adopt(at(0, 0));
    const said = [
      ...(outcome.tidemark?.monotonicMs === 70 ? ['that reading becomes the tidemark'] : []),
      ...(after.awaited.length > before.awaited.length
        ? ['that reading waits for the records up to the head']
        : []),
      ...(after.readings.some((reading) => reading.at.monotonicMs === 80) ? ['this reading is kept'] : []),
    ];
    const isProofless = state.kind === 'following' && said.length === 0;
    return [
      ...said,
      ...(isProofless ? ['proves nothing'] : []),
      ...(outcome.isBehind ? ['ask the log'] : []),
    ].join(', ');
  };
}

function afterReconnect(state: ListenerState): string {
  const after = onReconnect(state);
  if (after === state) return 'nothing';
  return after.kind === 'following' && isEmpty(after) ? 'readings and awaited are discarded' : 'unknown';
}

const events: Readonly<Record<string, (state: ListenerState) => string>> = {
  'record at or before the position': afterRecord(record(at(2, 5), at(2, 4))),
  'record that follows the position': afterRecord(record(at(2, 6), at(2, 5))),
  'record that follows another one': afterRecord(record(at(2, 7), at(2, 6))),
  'link to nothing': afterRecord(record(at(3, 0), null)),
  'link that follows the position': afterRecord(record(at(3, 0), at(2, 5))),
  'link that follows another position': afterRecord(record(at(3, 0), at(2, 4))),
  'head at the position, no round done since a reading': afterReading(head(at(2, 5), 7)),
  'head at the position, a round begun after a reading is done': afterReading(head(at(2, 5), 8)),
  'head ahead, no round done since a reading': afterReading(head(at(2, 9), 7)),
  'head ahead, a round begun after a reading is done': afterReading(head(at(2, 9), 8)),
  'head ahead, of another generation': afterReading(head(at(3, 0), 8)),
  'head behind': afterReading(head(at(2, 4), 8)),
  'the command connection is lost': afterReconnect,
};

test('the table of the listener says what each event does in each state (R1, R2)', () => {
  const computed: Table = Object.fromEntries(
    Object.entries(events).map(([event, after]) => [
      event,
      { lost: after(lost), following: after(following) },
    ]),
  );
  expect(readTable('Listener', ['event', 'lost', 'following'])).toEqual(computed);
});

test('the table of the log says when records lead to the head (R2)', () => {
  const words = {
    complete: 'all of it is applied in one run',
    broken: 'reset, adopt the head',
    behind: 'nothing: a sidecar will mend Redis',
  };
  const replay = (records: readonly LogRecord[], to: Position): { 'what follows': string } => ({
    'what follows': words[checkReplay(at(2, 5), records, head(to, 8)).kind],
  });
  const next = record(at(2, 6), at(2, 5));
  const computed: Table = {
    'without a gap': replay([next, record(at(2, 7), at(2, 6))], at(2, 7)),
    'with a gap, or trimmed': replay([record(at(2, 7), at(2, 6))], at(2, 7)),
    'with a link to nothing': replay([next, record(at(3, 0), null)], at(3, 0)),
    'to a head behind the position': replay([], at(2, 4)),
  };
  expect(replay([next], at(2, 7))).toEqual(computed['with a gap, or trimmed']);
  expect(replay([], at(2, 7))).toEqual(computed['with a gap, or trimmed']);
  expect(readTable('Listener', ['the log', 'what follows'])).toEqual(computed);
});
