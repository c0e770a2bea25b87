// publish: ends a round in one atomic step. Unless the head is exactly what begin left, nothing happens at all: another
// sidecar took over, or Redis lost part of its history.
import type { Redis } from 'ioredis';
import { channelIn, publishCommand, publishLua } from '../redis/channel.ts';
import { defineScript, runScript } from '../redis/script.ts';
import type { NamespaceKeys } from '../wire/key.ts';
import { formatChanges } from '../wire/changes.ts';
import { formatMessage, type LogRecord } from '../wire/record.ts';
import { formatPosition } from '../wire/position.ts';

// XADD before everything else: it alone can fail, on a log that is ahead of its head or a key of another type, and what a
// script has done before an error stays done. A head without its record would vouch for values that the record names.
// UNLINK in slices: unpack() of a long list would overflow Lua's C stack.
const script = defineScript(`${publishLua}
if redis.pcall('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[4] ~= '' then
  redis.call('XADD', KEYS[2], 'MAXLEN', ARGV[8], ARGV[4], 'p', ARGV[5], 'c', ARGV[6])
  for first = 5, #KEYS, 1000 do
    redis.call('UNLINK', unpack(KEYS, first, math.min(first + 999, #KEYS)))
  end
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SET', KEYS[3], ARGV[3])
if ARGV[10] ~= '' then redis.call('SET', KEYS[4], ARGV[10]) end
if ARGV[4] ~= '' then tell(ARGV[11], ARGV[7], ARGV[9]) end
return 1
`);

/** Records kept for replay; a listener that is further behind resets. */
export const logLength = 10_000;

export interface PublishCall {
  readonly keys: NamespaceKeys;
  readonly expectedHead: string;
  readonly nextHead: string;
  readonly cursor: string;
  /** null when nothing changed: only the head and the cursor move. */
  readonly record: LogRecord | null;
  /** The watch, now and then: were it evicted or overwritten, no new instance would ever get a lease. */
  readonly watch?: string;
  /** Redis keys of the L2 values that the record overtakes. */
  readonly valueKeys: readonly string[];
}

/**
 * @returns false when the head was not the expected one, and nothing was done
 * @throws ReplyError when the log can't take the record: nothing was done either
 */
export async function publish(redis: Redis, call: PublishCall): Promise<boolean> {
  const { keys, record } = call;
  const previous = record?.previous;
  const reply = await runScript(redis, script, {
    keys: [keys.head, keys.log, keys.cursor, keys.watch, ...call.valueKeys],
    values: [
      call.expectedHead,
      call.nextHead,
      call.cursor,
      record === null ? '' : formatPosition(record.position),
      previous === null || previous === undefined ? '' : formatPosition(previous),
      record === null ? '' : formatChanges(record.changes),
      channelIn(redis, keys.records),
      logLength,
      record === null ? '' : formatMessage(record),
      call.watch ?? '',
      publishCommand(keys),
    ],
  });
  return reply === 1;
}
