// The Redis of a command: opened from its settings, ended with it, and told apart from everything else that can fail.
import type { Redis } from 'ioredis';
import { defaultKeyPrefix } from '../config/defaults.ts';
import { redisAddress } from '../config/redis-config.ts';
import { readRedis } from '../config/redis-setting.ts';
import { keyPrefixSchema } from '../config/schemas.ts';
import { connectOnce } from '../start/connect-once.ts';
import { UnreachableError } from './cli-error.ts';
import type { CommandContext } from './command.ts';

export interface CommandRedis {
  readonly redis: Redis;
  readonly keyPrefix: string;
  /** What may be shown of where it is. */
  readonly address: string;
}

/**
 * Runs a part of a command that needs Redis, and nothing but Redis.
 *
 * @throws ConfigError for what is wrong with the settings, UnreachableError when Redis does not answer
 */
export async function withRedis<T>(
  { settings, clock }: CommandContext,
  run: (connection: CommandRedis) => Promise<T>,
  options: { readonly isSubscriber?: boolean } = {},
): Promise<T> {
  const config = readRedis(settings);
  const keyPrefix = settings.read('TIDEMARK_KEY_PREFIX', keyPrefixSchema) ?? defaultKeyPrefix;
  settings.refuseProblems();
  if (config === undefined) throw new UnreachableError('Redis is not configured');
  const address = redisAddress(config);
  const redis = await connectOnce(config, { name: 'tidemark-cli', clock, ...options }).catch(
    (error: unknown) => {
      throw unreachable(address, error);
    },
  );
  try {
    return await run({ redis, keyPrefix, address });
  } catch (error) {
    if (isFromRedis(error)) throw unreachable(address, error);
    throw error;
  } finally {
    redis.disconnect();
  }
}

function unreachable(address: string, error: unknown): UnreachableError {
  const reason = error instanceof Error ? error.message : String(error);
  return new UnreachableError(`Redis at ${address} can't be asked (${reason})`, error);
}

/** ioredis has no codes for a timeout or a closed connection. What commands refuse by themselves has a class of its own. */
function isFromRedis(error: unknown): boolean {
  return error instanceof Error && ['Error', 'ReplyError', 'MaxRetriesPerRequestError'].includes(error.name);
}
