// An L2 value: who it belongs to, when it was noted, what it holds.
//
//   <format> <generation>-<sequence> <length of the key> <key><payload>
//
// The full key is verified on read: an answer that belongs to another key (swapped replies, a tenant's row under a
// foreign name) is refused, whatever the reason.
import { formatPosition, parsePosition, type Position } from './position.ts';

/** 1: JSON payload. A reader refuses every other format, which then is a miss. */
const format = '1';

export interface L2Value {
  /** The position noted before the load: the value holds every change up to it. */
  readonly notedAt: Position;
  readonly payload: string;
}

export function formatValue(key: string, value: L2Value): string {
  return `${format} ${formatPosition(value.notedAt)} ${key.length} ${key}${value.payload}`;
}

/** @returns undefined when the text is corrupt, of another format, or belongs to another key */
export function parseValue(key: string, text: string): L2Value | undefined {
  const match = /^1 (\d{1,16}-\d{1,16}) (\d{1,6}) /.exec(text);
  if (match === null) return undefined;
  const [header, at = '', length] = match;
  const notedAt = parsePosition(at);
  if (notedAt === undefined || Number(length) !== key.length || !text.startsWith(key, header.length)) {
    return undefined;
  }
  return { notedAt, payload: text.slice(header.length + key.length) };
}
