// since: what a listener asks after a gap. The head, the records after its position, and the watch when it has another
// one, all of the same moment.
import type { Redis } from 'ioredis';
import { defineScript, runScript } from '../redis/script.ts';
import { type Head, parseHead } from '../wire/head.ts';
import type { NamespaceKeys } from '../wire/key.ts';
import { formatPosition, type Position } from '../wire/position.ts';
import { type LogRecord, parseLogEntry } from '../wire/record.ts';
import { parseWatch, type WatchDocument } from '../wire/watch.ts';

// The answer may come from a replica without harm: a position that lags behind only makes more records follow. Records
// are not read for a listener without a position: it resets anyway. A key of another type is worth as much as none: an
// error would keep the listener where it is for as long as the key lives.
const script = defineScript(`
local head = redis.pcall('GET', KEYS[1])
if type(head) ~= 'string' then return {} end
local records = {}
if ARGV[1] ~= '' then
  records = redis.pcall('XRANGE', KEYS[2], '(' .. ARGV[1], '+', 'COUNT', ARGV[3])
  if records.err then records = '' end
end
local watch = ''
if not string.find(head, ' ' .. ARGV[2] .. ' ', 1, true) then
  watch = redis.pcall('GET', KEYS[3])
  if type(watch) ~= 'string' then watch = '' end
end
return {head, records, watch}
`);

/** A listener that is further behind than this resets: replaying costs more than loading again. */
export const replayLimit = 1_000;

export interface SinceCall {
  readonly keys: NamespaceKeys;
  /** null: only the present is wanted. */
  readonly position: Position | null;
  readonly knownWatchHash: string | null;
}

export interface SinceReply {
  readonly head: Head;
  /** In order; null when one of them can't be read. */
  readonly records: readonly LogRecord[] | null;
  /** null when the listener knows it already, or when there is none that fits. */
  readonly watch: WatchDocument | null;
}

/** @returns undefined when there is no readable head: no sidecar has run yet, or Redis lost it */
export async function since(redis: Redis, call: SinceCall): Promise<SinceReply | undefined> {
  const reply = await runScript(redis, script, {
    keys: [call.keys.head, call.keys.log, call.keys.watch],
    values: [
      call.position === null ? '' : formatPosition(call.position),
      // No head has a hash of one dash, so that an unknown watch is always sent.
      call.knownWatchHash ?? '-',
      replayLimit,
    ],
  });
  if (!Array.isArray(reply) || typeof reply[0] !== 'string') return undefined;
  const [headText, entries, watchText] = reply as [string, unknown, unknown];
  const head = parseHead(headText);
  if (head === undefined) return undefined;
  const watch = typeof watchText === 'string' ? parseWatch(watchText) : undefined;
  return {
    head,
    records: toRecords(entries),
    watch: watch?.hash === head.watchHash ? watch : null,
  };
}

function toRecords(entries: unknown): LogRecord[] | null {
  if (!Array.isArray(entries)) return null;
  const records: LogRecord[] = [];
  for (const entry of entries as [string, string[]][]) {
    const record = parseLogEntry(entry);
    if (record === undefined) return null;
    records.push(record);
  }
  return records;
}
