// begin: announces a round by compare-and-set on the head. Whoever reads the head before this knows that the round
// starts later than the reading.
import type { Redis } from 'ioredis';
import { defineScript, runScript } from '../redis/script.ts';

// A key of another type stands for no head at all, here and in the other scripts: an error would keep every sidecar from
// taking over for as long as the key lives.
const script = defineScript(`
local head = redis.pcall('GET', KEYS[1])
if type(head) ~= 'string' then return false end
if head ~= ARGV[1] then return head end
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]
`);

export interface BeginCall {
  readonly headKey: string;
  readonly expected: string;
  readonly next: string;
}

/** @returns the head as it is now: `next` when the round has begun, anything else when it has not */
export async function begin(redis: Redis, call: BeginCall): Promise<string | null> {
  const reply = await runScript(redis, script, {
    keys: [call.headKey],
    values: [call.expected, call.next],
  });
  return typeof reply === 'string' ? reply : null;
}
