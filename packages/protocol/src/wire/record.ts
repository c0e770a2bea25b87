// A record of the log: where it stands, which record it follows, what changed. On the bus it travels as one JSON array,
// in the log as a stream entry whose id is the position.
import { type Changes, formatChanges, parseChanges, toChanges } from './changes.ts';
import { parseJson } from './json.ts';
import { formatPosition, parsePosition, type Position } from './position.ts';

export interface LogRecord {
  readonly position: Position;
  /** The record before it; null for a link to nothing: nobody can know what happened before it. */
  readonly previous: Position | null;
  readonly changes: Changes;
}

/** The text that is published: the changes are passed as they were formatted for the log. */
export function formatMessage(record: LogRecord): string {
  const previous = record.previous === null ? 'null' : `"${formatPosition(record.previous)}"`;
  return `["${formatPosition(record.position)}",${previous},${formatChanges(record.changes)}]`;
}

/** @returns undefined for a message that is not a record (a stranger on the channel, a newer format) */
export function parseMessage(text: string): LogRecord | undefined {
  const value = parseJson(text);
  if (!Array.isArray(value)) return undefined;
  const [at, before, changed] = value as unknown[];
  if (typeof at !== 'string' || (before !== null && typeof before !== 'string')) return undefined;
  return toRecord(at, before ?? '', toChanges(changed));
}

/** @param entry a stream entry as Redis returns it: id, then field and value in turn */
export function parseLogEntry(
  entry: readonly [id: string, fields: readonly string[]],
): LogRecord | undefined {
  const [id, [previousName, previous, changesName, changes]] = entry;
  if (previousName !== 'p' || changesName !== 'c' || previous === undefined || changes === undefined)
    return undefined;
  return toRecord(id, previous, parseChanges(changes));
}

function toRecord(at: string, before: string, changes: Changes | undefined): LogRecord | undefined {
  const position = parsePosition(at);
  const previous = before === '' ? null : parsePosition(before);
  if (position === undefined || previous === undefined || changes === undefined) return undefined;
  return { position, previous, changes };
}
