// A Lua script with its SHA-1: sent by digest, and whole only to a server that does not know it yet.
import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

export interface Script {
  readonly lua: string;
  readonly sha1: string;
}

export function defineScript(lua: string): Script {
  return { lua, sha1: createHash('sha1').update(lua).digest('hex') };
}

export interface ScriptCall {
  readonly keys: readonly string[];
  readonly values: readonly (string | number)[];
}

export async function runScript(redis: Redis, script: Script, call: ScriptCall): Promise<unknown> {
  const rest = [...call.keys, ...call.values];
  try {
    return await redis.evalsha(script.sha1, call.keys.length, ...rest);
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
    return redis.eval(script.lua, call.keys.length, ...rest);
  }
}
