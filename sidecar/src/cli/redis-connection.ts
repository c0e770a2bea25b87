// The Redis of a command: opened from its settings, ended with it, and told apart from everything else that can fail.
import {
  announcementNamespace,
  ByNamespace,
  type KeyLayout,
  layoutOf,
  namespaceKeys,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import { defaultKeyPrefix } from '../config/defaults.ts';
import { redisAddress, redisOption } from '../config/redis-config.ts';
import { readRedis } from '../config/redis-setting.ts';
import { keyPrefixSchema } from '../config/schemas.ts';
import { connectOnce } from '../redis/connect-once.ts';
import { UnreachableError } from './cli-error.ts';
import type { CommandContext } from './command.ts';

export interface CommandRedis {
  /** Where instances announce themselves; the one connection there is, unless it is a Cluster. */
  readonly redis: Redis;
  readonly keyPrefix: string;
  readonly layout: KeyLayout;
  /** What may be shown of where it is. */
  readonly address: string;
  /** The server of a namespace. */
  readonly at: (namespace: string) => Promise<Redis>;
  /** The same, by a connection that is to listen. */
  readonly newSubscriber: (namespace: string) => Promise<Redis>;
}

/**
 * Runs a part of a command that needs Redis, and nothing but Redis.
 *
 * @throws ConfigError for what is wrong with the settings, UnreachableError when Redis does not answer
 */
export async function withRedis<T>(
  { settings, clock }: CommandContext,
  run: (connection: CommandRedis) => Promise<T>,
): Promise<T> {
  const config = readRedis(settings);
  const keyPrefix = settings.read('TIDEMARK_KEY_PREFIX', keyPrefixSchema) ?? defaultKeyPrefix;
  settings.refuseProblems();
  if (config === undefined) throw new UnreachableError('Redis is not configured');
  const address = redisAddress(config);
  const layout = layoutOf(redisOption(config));
  const parts = new DisposableStack();
  const connect = async (slotOf: string, isSubscriber: boolean): Promise<Redis> => {
    const redis = await connectOnce(config, { name: 'tidemark-cli', slotOf, clock, isSubscriber }).catch(
      (error: unknown) => {
        throw unreachable(address, error);
      },
    );
    parts.defer(() => redis.disconnect());
    return redis;
  };
  const open = (_: string, slotOf: string): Promise<Redis> => connect(slotOf, false);
  const servers = new ByNamespace({ layout, keyPrefix, open });
  try {
    const redis = await servers.of(announcementNamespace);
    const { head, watch } = namespaceKeys(keyPrefix, announcementNamespace, layout);
    // A node of a Cluster that is taken for a single server refuses this; a subscription alone it would take, and be silent.
    await redis.mget(head, watch);
    return await run({
      redis,
      keyPrefix,
      layout,
      address,
      at: (namespace) => servers.of(namespace),
      newSubscriber: (namespace) => connect(namespaceKeys(keyPrefix, namespace, layout).records, true),
    });
  } catch (error) {
    if (isFromRedis(error)) throw unreachable(address, error);
    throw error;
  } finally {
    parts.dispose();
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
