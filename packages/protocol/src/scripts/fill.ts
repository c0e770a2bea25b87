// fill: stores a loaded value in L2, unless something may have overtaken it since the position that was noted before
// the load. What can't be proved is refused: a trimmed log, an older generation, a head that went back.
import type { Redis } from 'ioredis';
import { defineScript, runScript } from '../redis/script.ts';
import { changeNeedles } from '../wire/changes.ts';
import type { NamespaceKeys } from '../wire/key.ts';
import { formatValue, type L2Value } from '../wire/value.ts';

/** Records searched at most; a load that was overtaken by more is not stored. */
const searchLimit = 64;

const script = defineScript(`
local head = redis.pcall('GET', KEYS[1])
if type(head) ~= 'string' then return 0 end
local generation, sequence = string.match(head, '^(%d+) (%d+) ')
if generation ~= ARGV[1] then return 0 end
local behind = tonumber(sequence) - tonumber(ARGV[2])
if behind < 0 or behind > ${searchLimit} then return 0 end
if behind > 0 then
  local records = redis.pcall('XRANGE', KEYS[2], '(' .. generation .. '-' .. ARGV[2], generation .. '-' .. sequence)
  if records.err or #records ~= behind then return 0 end
  for _, record in ipairs(records) do
    local changes = record[2][4]
    if not changes then return 0 end
    for needle = 5, #ARGV do
      if string.find(changes, ARGV[needle], 1, true) then return 0 end
    end
  end
end
redis.call('SET', KEYS[3], ARGV[3], 'PX', ARGV[4])
return 1
`);

export interface FillCall {
  readonly keys: NamespaceKeys;
  /** Redis key of the value. */
  readonly valueKey: string;
  /** Stored inside the value, and verified by who reads it. Default: the Redis key. */
  readonly owner?: string;
  /** The key as records name it. */
  readonly encodedKey: string;
  readonly tables: readonly string[];
  readonly value: L2Value;
  readonly ttlMs: number;
}

/** @returns whether the value was stored */
export async function fill(redis: Redis, call: FillCall): Promise<boolean> {
  const { notedAt } = call.value;
  const reply = await runScript(redis, script, {
    keys: [call.keys.head, call.keys.log, call.valueKey],
    values: [
      notedAt.generation,
      notedAt.sequence,
      formatValue(call.owner ?? call.valueKey, call.value),
      Math.ceil(call.ttlMs),
      ...changeNeedles(call.tables, call.encodedKey),
    ],
  });
  return reply === 1;
}
