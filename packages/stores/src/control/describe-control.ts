// Which caches there are, whether each is on, what does its work and why: for the start of the log, for a status page,
// for an operator who wants to know what to set. Decides nothing, and holds no credential.
import type { Logger } from '@tidemark/protocol';
import { authValidationKeyPrefix, defaultAuthValidationTtlSeconds } from '../auth/auth-validation-cache.ts';
import { configKeyPrefix } from '../config/caching-config-store.ts';
import { conversationKeyPrefix } from '../conversation/caching-conversation-store.ts';
import { conversationChannelPrefix, conversationListChannelPrefix } from '../events/create-event-hubs.ts';
import { policyKeyPrefix } from '../policy/caching-policy-store.ts';
import { rateLimitKeyPrefix } from '../rate-limit/rate-limiter.ts';
import type { Environment } from './environment.ts';
import { flagRules, type FlagName } from './flags.ts';
import { ttlRules, type TtlName } from './ttls.ts';

export interface CacheDescription {
  readonly cache: string;
  /** The formats of its keys and channels in Redis under the default prefix; braces are placeholders. */
  readonly keys: readonly string[];
  readonly isOn: boolean;
  /** What does the work: with these settings, and while Redis is there. */
  readonly backend: 'L1 and L2' | 'L1' | 'source' | 'Redis' | 'this process';
  /** Which settings decided. */
  readonly reason: string;
  /** The variable that switches it. */
  readonly flag: string;
  readonly isOnByDefault: boolean;
  /** Absent where nothing has a TTL that can be set. */
  readonly ttlSeconds?: number;
  /** The variable that sets it; absent where it is an option only. */
  readonly ttlVariable?: string;
}

interface CacheRule {
  readonly cache: string;
  readonly keys: readonly string[];
  /** A cache puts L1 and L2 before its source; the others use Redis, or do without it. */
  readonly isCache: boolean;
  readonly ttl?: TtlName | number;
}

const rules: Readonly<Record<FlagName, CacheRule>> = {
  policyCache: { cache: 'policy', keys: [`${policyKeyPrefix}:{tenantId}`], isCache: true, ttl: 'policy' },
  configCache: {
    cache: 'config',
    keys: ['global', '{tenantId}', '{tenantId}:{userId}'].map((key) => `${configKeyPrefix}:${key}`),
    isCache: true,
    ttl: 'config',
  },
  conversationCache: {
    cache: 'conversation',
    keys: [`${conversationKeyPrefix}:{conversationId}`],
    isCache: true,
    ttl: 'conversation',
  },
  authValidationCache: {
    cache: 'auth validation',
    keys: [`${authValidationKeyPrefix}:{userId}`],
    isCache: true,
    ttl: defaultAuthValidationTtlSeconds,
  },
  eventHubs: {
    cache: 'event hubs',
    keys: [
      `${conversationChannelPrefix}:{tenantId}:{conversationId}`,
      `${conversationListChannelPrefix}:{tenantId}`,
    ],
    isCache: false,
  },
  rateLimiter: {
    cache: 'rate limiter',
    keys: [`${rateLimitKeyPrefix}:{bucket}:{identifier}`],
    isCache: false,
  },
};

/** All six, in the order of the documents. */
export function describeControl(
  environment: Pick<Environment, 'flags' | 'ttls' | 'redis'>,
): readonly CacheDescription[] {
  return (Object.keys(rules) as FlagName[]).map((name) => describe(name, environment));
}

function describe(
  name: FlagName,
  { flags, ttls, redis }: Pick<Environment, 'flags' | 'ttls' | 'redis'>,
): CacheDescription {
  const { cache, keys, isCache, ttl } = rules[name];
  const { isOn, decidedBy } = flags[name];
  const hasRedis = redis.kind !== 'none';
  return {
    cache,
    keys: keys.map((key) => `copilot:${key}`),
    isOn,
    backend: isCache ? chooseCacheBackend(isOn, hasRedis) : isOn && hasRedis ? 'Redis' : 'this process',
    reason: isOn && !hasRedis ? `${decidedBy}, REDIS_URL unset` : decidedBy,
    flag: flagRules[name].variable,
    isOnByDefault: flagRules[name].isOnByDefault,
    ...(typeof ttl === 'number' && { ttlSeconds: ttl }),
    ...(typeof ttl === 'string' && { ttlSeconds: ttls[ttl], ttlVariable: ttlRules[ttl].variable }),
  };
}

function chooseCacheBackend(isOn: boolean, hasRedis: boolean): CacheDescription['backend'] {
  if (!isOn) return 'source';
  return hasRedis ? 'L1 and L2' : 'L1';
}

/** One line for each cache and one for Redis, once, at start. */
export function logControl(environment: Environment, logger: Logger): void {
  const log = logger.child({ component: 'control' });
  for (const description of describeControl(environment)) {
    log.info(description, `${description.cache}: ${description.isOn ? 'on' : 'off'}, ${description.backend}`);
  }
  if (environment.redis.kind !== 'none') {
    log.info({ address: environment.redis.address }, 'Redis is used');
  } else {
    log.info({}, 'REDIS_URL is unset: no L2, each instance reads the source');
  }
}
