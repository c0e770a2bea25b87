// How a message gets onto a channel of a namespace. In a slot of a Redis Cluster channels are sharded, so that only the
// nodes of that slot carry them; a server before 7.0 knows no such command, and has every node carry every message.
import type { Redis } from 'ioredis';
import type { NamespaceKeys } from '../wire/key.ts';

/** The command of a script that publishes with {@link publishLua}. */
export function publishCommand({ slot }: NamespaceKeys): 'PUBLISH' | 'SPUBLISH' {
  return slot === undefined ? 'PUBLISH' : 'SPUBLISH';
}

/** The Lua function `tell(command, channel, text)`; in front of a script that publishes. */
export const publishLua = `
local function tell(command, channel, text)
  local told = redis.pcall(command, channel, text)
  if type(told) == 'table' and told.err then redis.call('PUBLISH', channel, text) end
end
`;

/**
 * What a channel is called on the server. A channel belongs to no database, and the key prefix of a client of ioredis does
 * not stand before it: without both in its name, two deployments that share no key would hear each other, and take the
 * other's record for the next one of their own where both stand at the same position (R1).
 */
export function channelIn({ options }: Pick<Redis, 'options'>, channel: string): string {
  const { db = 0, keyPrefix = '' } = options;
  return `${keyPrefix}${channel}${db === 0 ? '' : `@${db}`}`;
}

/** Whether a server said that it does not know the command. */
export function isUnknownCommand(error: unknown): boolean {
  return error instanceof Error && /unknown command/i.test(error.message);
}
