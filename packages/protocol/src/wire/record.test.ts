import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostile, record } from '../testing/arbitraries.ts';
import { formatChanges } from './changes.ts';
import { formatPosition } from './position.ts';
import { formatMessage, type LogRecord, parseLogEntry, parseMessage } from './record.ts';

/** As `publish` and `takeover` write it. */
function toEntry({ position, previous, changes }: LogRecord): [string, string[]] {
  const link = previous === null ? '' : formatPosition(previous);
  return [formatPosition(position), ['p', link, 'c', formatChanges(changes)]];
}

describe('a record', () => {
  it('comes back from the bus as it was', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(parseMessage(formatMessage(one))).toEqual(one);
      }),
    );
  });

  it('comes back from the log as it was, so that a replay applies what the bus would have told', () => {
    fc.assert(
      fc.property(record, (one) => {
        expect(parseLogEntry(toEntry(one))).toEqual(one);
      }),
    );
  });

  it.each([
    '',
    'null',
    '{}',
    '[]',
    '["1-1"]',
    '["1-1","1-0"]',
    '[1,"1-0",{}]',
    '["1-1",1,{}]',
    '["1-1","x",{}]',
    '["x","1-0",{}]',
    '["1-1","1-0",[]]',
    '["1-1","1-0",{"t":[1]}]',
  ])('the message %s is none', (message) => {
    expect(parseMessage(message)).toBeUndefined();
  });

  it('that says more than this version knows is read all the same', () => {
    expect(parseMessage('["2-1","2-0",{"t":["k"]},{"new":true}]')).toEqual({
      position: { generation: 2, sequence: 1 },
      previous: { generation: 2, sequence: 0 },
      changes: new Map([['t', ['k']]]),
    });
  });

  it.each([
    ['another first field', ['x', '1-0', 'c', '{}']],
    ['another second field', ['p', '1-0', 'x', '{}']],
    ['no changes', ['p', '1-0', 'c']],
    ['nothing', []],
    ['changes that are none', ['p', '1-0', 'c', '[]']],
    ['a predecessor that is none', ['p', '1', 'c', '{}']],
  ])('a log entry with %s is none', (_what, fields) => {
    expect(parseLogEntry(['1-1', fields])).toBeUndefined();
  });

  it('no text makes the parsers throw', () => {
    fc.assert(
      fc.property(
        hostile(record.map(formatMessage)),
        fc.array(hostile(record.map(formatMessage))),
        (one, fields) => {
          const parsed = [
            parseMessage(one),
            parseLogEntry([one, fields]),
            parseLogEntry(['1-1', ['p', one, 'c', one]]),
          ];
          expect(parsed.every((each) => each === undefined || each.changes instanceof Map)).toBe(true);
        },
      ),
    );
  });
});
