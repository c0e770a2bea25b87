// takeover: opens a new generation, with a link record as its first. A link names the position that it follows; a link
// to nothing makes every instance reset, and the log before it is worthless.
import type { Redis } from 'ioredis';
import { channelIn, publishCommand, publishLua } from '../redis/channel.ts';
import { defineScript, runScript } from '../redis/script.ts';
import type { NamespaceKeys } from '../wire/key.ts';
import { formatMessage, type LogRecord } from '../wire/record.ts';
import { formatPosition } from '../wire/position.ts';
import { logLength } from './publish.ts';

// The log is deleted where nothing links to it, and also when XADD would refuse: a head that was evicted or overwritten
// while the log stayed must not block the namespace for ever. But not where Redis is full: it refuses the record as it does
// those of the rounds, and would take it after a DEL, so that each attempt emptied the log and opened a generation in which
// no round is ever done.
const script = defineScript(`${publishLua}
local head = redis.pcall('GET', KEYS[1])
if type(head) ~= 'string' then head = '' end
if head ~= ARGV[1] then return 0 end
if ARGV[6] == '' then redis.call('DEL', KEYS[2]) end
local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', ARGV[8], ARGV[5], 'p', ARGV[6], 'c', '{}')
if type(added) == 'table' and added.err then
  if string.find(added.err, 'OOM command', 1, true) then return added end
  redis.call('DEL', KEYS[2])
  redis.call('XADD', KEYS[2], ARGV[5], 'p', ARGV[6], 'c', '{}')
end
redis.call('SET', KEYS[1], ARGV[2])
redis.call('SET', KEYS[3], ARGV[3])
redis.call('SET', KEYS[4], ARGV[4])
tell(ARGV[10], ARGV[7], ARGV[9])
return 1
`);

export interface TakeoverCall {
  readonly keys: NamespaceKeys;
  /** null: there must be no head. */
  readonly expectedHead: string | null;
  readonly nextHead: string;
  readonly cursor: string;
  readonly watch: string;
  /** The link: sequence 0 of the new generation, without changes. */
  readonly link: LogRecord;
}

/**
 * @returns false when the head was not the expected one, and nothing was done
 * @throws ReplyError when Redis is full: nothing was done either
 */
export async function takeover(redis: Redis, call: TakeoverCall): Promise<boolean> {
  const { keys, link } = call;
  const reply = await runScript(redis, script, {
    keys: [keys.head, keys.log, keys.cursor, keys.watch],
    values: [
      call.expectedHead ?? '',
      call.nextHead,
      call.cursor,
      call.watch,
      formatPosition(link.position),
      link.previous === null ? '' : formatPosition(link.previous),
      channelIn(redis, keys.records),
      logLength,
      formatMessage(link),
      publishCommand(keys),
    ],
  });
  return reply === 1;
}
