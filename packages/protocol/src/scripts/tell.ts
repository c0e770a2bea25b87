// tell: an app says what it has just written. Its L2 values are removed and the hint is published in one round trip;
// nothing rests on either, so that on one server a pipeline does, and only a Cluster needs a script to choose the command.
import type { Redis } from 'ioredis';
import { channelIn, publishCommand, publishLua } from '../redis/channel.ts';
import { defineScript, runScript } from '../redis/script.ts';
import { formatHint, type Hint } from '../wire/hint.ts';
import type { NamespaceKeys } from '../wire/key.ts';

const script = defineScript(`${publishLua}
if KEYS[2] then redis.call('UNLINK', unpack(KEYS, 2)) end
tell(ARGV[1], KEYS[1], ARGV[2])
return 1
`);

export interface TellCall {
  readonly keys: NamespaceKeys;
  readonly hint: Hint;
  /** Redis keys of the L2 values to remove, 1,000 at most. */
  readonly valueKeys?: readonly string[];
}

export async function tell(redis: Redis, { keys, hint, valueKeys = [] }: TellCall): Promise<void> {
  const text = formatHint(hint);
  if (keys.slot !== undefined) {
    const values = [publishCommand(keys), text];
    await runScript(redis, script, { keys: [keys.hints, ...valueKeys], values });
    return;
  }
  const pipeline = redis.pipeline();
  if (valueKeys.length > 0) pipeline.unlink(...valueKeys);
  await pipeline.publish(channelIn(redis, keys.hints), text).exec();
}
