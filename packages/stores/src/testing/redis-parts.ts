// What an app instance has beside its stores, for tests that drive it from another process: hubs, limiter, validations.
// Methods take and give plain data only, because a listener or a check can't be sent to another process.
import type { Cache } from '@tidemark/cache';
import type { AuthValidation, AuthVerdict } from '../auth/auth-validation.ts';
import {
  createAuthValidationCache,
  type AuthValidationCache,
  type AuthValidationStats,
} from '../auth/auth-validation-cache.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import { createConversationEventHub, type ConversationSubject } from '../events/create-event-hubs.ts';
import type { Subscription } from '../events/event-hub.ts';
import type { ConversationEventName, HubEvent } from '../events/hub-event.ts';
import { createRateLimiter, type RateLimiter } from '../rate-limit/rate-limiter.ts';
import { openSharedRedis } from '../redis/shared-redis.ts';

export interface RedisParts {
  readonly events: {
    subscribe(subject: ConversationSubject): Promise<boolean>;
    leave(): Promise<void>;
    broadcast(subject: ConversationSubject, event: ConversationEventName, data: unknown): Promise<boolean>;
    /** What was heard since the start. */
    heard(): Promise<readonly HubEvent<ConversationEventName>[]>;
  };
  readonly limiter: Pick<RateLimiter, 'check'>;
  readonly validations: {
    /** Without a verdict, nothing can be asked. */
    get(userId: string, verdict?: AuthVerdict): Promise<AuthValidation | null>;
    set(userId: string, verdict: AuthVerdict): Promise<void>;
    invalidate(userId: string): Promise<void>;
    stats(): Promise<AuthValidationStats>;
  };
}

export interface RedisPartsOptions {
  readonly cache: Cache;
  readonly redisUrl: string;
  readonly env: EnvironmentVariables;
}

export function openRedisParts({ cache, redisUrl, env }: RedisPartsOptions): RedisParts {
  // Longer than usual: on a loaded machine a healthy Redis must not be taken for a broken one.
  const redis = openSharedRedis({ redis: redisUrl, timeout: '1s' });
  return {
    events: openEvents(createConversationEventHub({ redis, env })),
    limiter: createRateLimiter({ redis, env, limit: 10 }),
    validations: openValidations(createAuthValidationCache({ cache, redis, env })),
  };
}

function openEvents(hub: ReturnType<typeof createConversationEventHub>): RedisParts['events'] {
  const heard: HubEvent<ConversationEventName>[] = [];
  const subscriptions: Subscription[] = [];
  return {
    subscribe(subject) {
      const subscription = hub.subscribe(subject, (event) => void heard.push(event));
      subscriptions.push(subscription);
      return subscription.ready;
    },
    async leave() {
      for (const subscription of subscriptions.splice(0)) subscription.close();
    },
    broadcast: (subject, event, data) => hub.broadcast(subject, event, data),
    heard: async () => heard,
  };
}

function openValidations(validations: AuthValidationCache): RedisParts['validations'] {
  return {
    get: (userId, verdict) =>
      verdict === undefined ? validations.get(userId) : validations.get(userId, async () => verdict),
    set: (userId, verdict) => validations.set(userId, verdict),
    invalidate: (userId) => validations.invalidate(userId),
    stats: async () => validations.stats(),
  };
}
