// How each part is, in one call: for a health route, a status page, an operator. Asks all parts at once, each within a
// deadline, and never fails because of one: what gives no answer is unhealthy, and says why. Holds no credential.
import type { Cache } from '@tidemark/cache';
import { type Clock, deadlineIn, type Duration, parseDuration, systemClock } from '@tidemark/protocol';
import type { EventHubStatus } from '../events/event-hub.ts';
import type { RateLimiter } from '../rate-limit/rate-limiter.ts';
import type { SharedRedis } from '../redis/shared-redis.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import type { SourceSchema, SupabaseSource } from '../supabase/ask-supabase.ts';
import { askRedis, askSource } from './ask-servers.ts';
import { judgeCache } from './judge-cache.ts';
import type { PartAnswer, PartHealth } from './part-health.ts';

/** Whoever asks asks every few seconds; a part that takes longer than this is not healthy. */
export const defaultHealthTimeout: Duration = '1s';

export interface HealthParts {
  /** Asked for one row. */
  readonly supabase?: SupabaseSource;
  /** Asked for a PONG. */
  readonly redis?: SharedRedis;
  /** Healthy while each of its regions can be served from the cache. */
  readonly cache?: Pick<Cache, 'status'>;
  readonly conversationEvents?: { status(): EventHubStatus };
  readonly conversationListEvents?: { status(): EventHubStatus };
  readonly rateLimiter?: Pick<RateLimiter, 'status'>;
}

export interface HealthOptions {
  /** For each part; all are asked at once. Default 1 s. */
  readonly timeout?: Duration;
  /** Where the tables are. Default `copilot_internal`. */
  readonly schema?: SourceSchema;
  readonly clock?: Clock;
}

export type Health = { readonly [Name in keyof HealthParts]: PartHealth };

const partNames: Readonly<Record<keyof HealthParts, true>> = {
  supabase: true,
  redis: true,
  cache: true,
  conversationEvents: true,
  conversationListEvents: true,
  rateLimiter: true,
};

const optionNames: Readonly<Record<keyof HealthOptions, true>> = { timeout: true, schema: true, clock: true };

/**
 * ```ts
 * const health = await checkHealth({ supabase, redis, cache, rateLimiter });
 * response.statusCode = isHealthy(health) ? 200 : 503;
 * response.end(formatHealth(health));
 * ```
 *
 * @returns an entry for each part that was given
 * @throws InvalidInputError for an unknown part or option; TidemarkError `DURATION_INVALID`; nothing because of a part
 */
export async function checkHealth(parts: HealthParts, options: HealthOptions = {}): Promise<Health> {
  refuseUnknownOptions('checkHealth', parts, partNames);
  refuseUnknownOptions('checkHealth', options, optionNames);
  const { clock = systemClock, schema } = options;
  const timeoutMs = parseDuration('timeout', options.timeout ?? defaultHealthTimeout);
  const { supabase, redis, cache, conversationEvents, conversationListEvents, rateLimiter } = parts;
  const questions: Readonly<Record<keyof HealthParts, Question | undefined>> = {
    supabase: supabase && ((signal) => askSource(supabase, signal, schema)),
    redis: redis && (() => askRedis(redis)),
    cache: cache && (() => judgeCache(cache.status())),
    conversationEvents: conversationEvents && (() => judgeStatus(conversationEvents.status())),
    conversationListEvents: conversationListEvents && (() => judgeStatus(conversationListEvents.status())),
    rateLimiter: rateLimiter && (() => judgeStatus(rateLimiter.status())),
  };
  const entries = Object.entries(questions).map(async ([name, question]) => {
    return question === undefined ? [] : [[name, await askWithin(question, timeoutMs, clock)] as const];
  });
  return Object.fromEntries((await Promise.all(entries)).flat());
}

type Question = (signal: AbortSignal) => PartAnswer | Promise<PartAnswer>;

async function askWithin(question: Question, timeoutMs: number, clock: Clock): Promise<PartHealth> {
  const startedMs = clock.monotonicMs();
  using deadline = deadlineIn(clock, timeoutMs);
  const answer = await Promise.race([tried(question, deadline.signal), tooLate(deadline.signal)]);
  return { ...answer, latencyMs: Math.round((clock.monotonicMs() - startedMs) * 10) / 10 };
}

async function tried(question: Question, signal: AbortSignal): Promise<PartAnswer> {
  try {
    return await question(signal);
  } catch (error) {
    return { healthy: false, backend: 'none', reason: describe(error) };
  }
}

function tooLate(signal: AbortSignal): Promise<PartAnswer> {
  const { promise, resolve } = Promise.withResolvers<PartAnswer>();
  const answer = (): void => resolve({ healthy: false, backend: 'none', reason: describe(signal.reason) });
  signal.addEventListener('abort', answer, { once: true });
  return promise;
}

/** The sentence alone: a stack names files, and a cause may hold what a server was sent. */
function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function judgeStatus(status: {
  readonly isAsConfigured: boolean;
  readonly backend: string;
  readonly reason: string;
}): PartAnswer {
  return { healthy: status.isAsConfigured, backend: status.backend, reason: status.reason };
}

/** @returns whether every part is healthy */
export function isHealthy(health: Health): boolean {
  return Object.values(health).every(({ healthy }) => healthy);
}

/** One line for each part: `redis: healthy, Redis, 0.4 ms, answers PING`. */
export function formatHealth(health: Health): string {
  return Object.entries(health)
    .map(
      ([name, { healthy, backend, latencyMs, reason }]) =>
        `${name}: ${healthy ? 'healthy' : 'unhealthy'}, ${backend}, ${latencyMs} ms, ${reason}`,
    )
    .join('\n');
}
