// Which caches there are, whether each is on and why: for the start of the log, for a status page, for an operator who
// wants to know what to set. Holds no credential.
import type { Logger } from '@tidemark/protocol';
import { policyKeyPrefix } from '../policy/caching-policy-store.ts';
import type { CacheControl, Environment } from './environment.ts';
import { flagRules } from './flags.ts';
import { ttlRules } from './ttls.ts';

export interface CacheDescription {
  readonly cache: string;
  /** The format of its keys in Redis under the cache's default prefix; braces are placeholders. */
  readonly key: string;
  readonly isOn: boolean;
  /** Which setting decided. */
  readonly decidedBy: string;
  /** The variable that switches it. */
  readonly flag: string;
  readonly ttlSeconds: number;
  readonly ttlVariable: string;
}

export function describeControl(control: CacheControl): readonly CacheDescription[] {
  return [
    {
      cache: 'policy',
      key: `copilot:${policyKeyPrefix}:{tenantId}`,
      ...control.flags.policyCache,
      flag: flagRules.policyCache.variable,
      ttlSeconds: control.ttls.policy,
      ttlVariable: ttlRules.policy.variable,
    },
  ];
}

/** One line for each part, once, at start. */
export function logControl(environment: Environment, logger: Logger): void {
  const log = logger.child({ component: 'control' });
  for (const description of describeControl(environment)) {
    log.info(description, `${description.cache} cache is ${description.isOn ? 'on' : 'off'}`);
  }
  if (environment.redis.kind === 'redis') {
    log.info({ address: environment.redis.address }, 'Redis is used');
  } else {
    log.info({}, 'REDIS_URL is unset: no L2, each instance reads the source');
  }
}
