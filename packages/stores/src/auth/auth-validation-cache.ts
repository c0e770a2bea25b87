// Who a user is, remembered: a check of credentials asks another service, and every request needs its answer. No journal
// tells when the answer changes, so age is the bound here: none is served that is older than the TTL, L1 and L2 taken
// together, and within that time only `set` and `invalidate` end it. A check that fails is never remembered.
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Cache, LoadContext, Region } from '@tidemark/cache';
import { regionPrefix, silentLogger, systemClock, type Clock, type Logger } from '@tidemark/protocol';
import { parseCacheControl } from '../control/environment.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import { InvalidInputError } from '../errors.ts';
import { type SharedRedis, sharedPrefix } from '../redis/shared-redis.ts';
import { parseCount } from '../schema/count.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import { parseInput } from '../schema/parse.ts';
import { idSchema } from '../schema/text.ts';
import { authVerdictSchema, type AuthValidation, type AuthVerdict } from './auth-validation.ts';
import { L2Hold } from './l2-hold.ts';
import { L2Validations, type L2Read } from './l2-validations.ts';

/** Keys are `copilot:auth:validation:{userId}` under the default prefix. */
export const authValidationKeyPrefix = 'auth:validation';

/** How long a revocation that nobody announces may stay unnoticed. */
export const defaultAuthValidationTtlSeconds = 300;

/** Of the TTL, with Redis; the rest is L2's. So an instance asks Redis once a minute, and all of them one check in four. */
const l1Share = 0.2;

/** Asks whoever knows. `signal` aborts when nobody waits any more. Throw when it can't be said: "invalid" is an answer. */
export type AuthCheck = (context: LoadContext) => Promise<AuthVerdict>;

export interface AuthValidationStats {
  readonly isOn: boolean;
  /** In L1. */
  readonly entries: number;
  readonly hits: number;
  readonly l2Hits: number;
  readonly checks: number;
  /** L2 values that must not be served. */
  readonly l2Refused: number;
}

export interface AuthValidationCache {
  /**
   * What is known of the user, from L1 or L2; without a check, null when nothing is.
   *
   * The user id must come from credentials whose signature was verified: what is remembered is the user, not the token.
   *
   * @param check runs when nothing is known; concurrent callers share one
   * @throws what the check throws, to those who wait for it, and remembers nothing; InvalidInputError
   */
  get(userId: string): Promise<AuthValidation | null>;
  get(userId: string, check: AuthCheck): Promise<AuthValidation>;
  /**
   * Replaces what is known, on every instance: here by the verdict, elsewhere by what L2 holds or the next check says.
   * Of what the caller learnt before the call nothing can be said: an `invalidate` that came between its look-up and
   * this call is undone. `get` with a check has no such gap.
   *
   * @throws InvalidInputError
   */
  set(userId: string, verdict: AuthVerdict): Promise<void>;
  /** Forgets the user on every instance; also ends checks that are under way. While Redis is down: only here, and elsewhere by the TTL. */
  invalidate(userId: string): Promise<void>;
  stats(): AuthValidationStats;
}

export interface AuthValidationCacheOptions {
  /** Of `createCache`: holds L1 and tells the other instances. */
  readonly cache: Cache;
  /** Of `openSharedRedis`: L2. Absent: L1 only. */
  readonly redis?: SharedRedis;
  /** No answer is older, in whole seconds. Default 300. */
  readonly ttlSeconds?: number;
  /** First part of every Redis key, as of the cache. Default `copilot`. */
  readonly keyPrefix?: string;
  /** Read for `ENABLE_AUTH_VALIDATION_CACHE`; off: every `get` checks. Default: the environment of the process. */
  readonly env?: EnvironmentVariables;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

const optionNames: Readonly<Record<keyof AuthValidationCacheOptions, true>> = {
  cache: true,
  redis: true,
  ttlSeconds: true,
  keyPrefix: true,
  env: true,
  logger: true,
  clock: true,
};

/**
 * ```ts
 * const validations = createAuthValidationCache({ cache, redis, env });
 * const goneCodes = new Set<unknown>(['user_not_found', 'user_banned']);
 * const { isValid, tenantId } = await validations.get(userId, async () => {
 *   const { data, error } = await supabase.auth.getUser(token);
 *   if (error !== null && goneCodes.has(error.code)) return { isValid: false };
 *   // An expired token, a rate limit, an outage: it says nothing of the user, so nothing may be remembered of it.
 *   if (error !== null) throw error;
 *   if (data.user.id !== userId) throw new Error(`the token must be of the user ${userId}, got another user's`);
 *   const claim: unknown = data.user.app_metadata['tenant_id'];
 *   return { isValid: true, ...(typeof claim === 'string' && claim !== '' && { tenantId: claim }) };
 * });
 * await validations.invalidate(userId); // signed out, banned, moved to another tenant
 * ```
 *
 * @throws EnvironmentError for a wrong variable; InvalidInputError for a wrong option; TidemarkError `REGION_EXISTS`
 */
export function createAuthValidationCache(options: AuthValidationCacheOptions): AuthValidationCache {
  refuseUnknownOptions('createAuthValidationCache', options, optionNames);
  const { flags } = parseCacheControl(options.env);
  const { isOn, decidedBy } = flags.authValidationCache;
  (options.logger ?? silentLogger)
    .child({ component: 'auth-validation' })
    .info({ isOn, hasRedis: options.redis !== undefined, reason: decidedBy }, 'auth validation cache chosen');
  return new RegionAuthValidationCache(options, isOn);
}

interface Asked {
  readonly check: AuthCheck;
  /** Set from outside: what L2 holds is not asked for. */
  readonly isGiven: boolean;
}

class RegionAuthValidationCache implements AuthValidationCache {
  readonly #isOn: boolean;
  readonly #clock: Clock;
  readonly #region: Region<AuthValidation>;
  readonly #l2: L2Validations | undefined;
  readonly #hold: L2Hold;
  /** A region has one loader; which check it runs is the business of the caller that began the flight. */
  readonly #asked = new AsyncLocalStorage<Asked>();
  #l2Hits = 0;
  #checks = 0;

  constructor(options: AuthValidationCacheOptions, isOn: boolean) {
    const { cache, redis, keyPrefix = 'copilot', clock = systemClock } = options;
    const ttlMs = parseCount('ttlSeconds', options.ttlSeconds ?? defaultAuthValidationTtlSeconds) * 1_000;
    const l1Ms = redis === undefined ? ttlMs : ttlMs * l1Share;
    const prefix = regionPrefix(sharedPrefix(redis, keyPrefix), authValidationKeyPrefix);
    this.#isOn = isOn;
    this.#clock = clock;
    this.#hold = new L2Hold(clock, ttlMs - l1Ms);
    this.#l2 = redis && new L2Validations({ redis, prefix, lifeMs: ttlMs - l1Ms });
    this.#region = cache.region<AuthValidation>({
      name: authValidationKeyPrefix,
      ttl: l1Ms,
      // Without a table an entry lives for this long from the start of its own load (R1).
      maxStaleness: l1Ms,
      isEnabled: isOn,
      load: (userId, context) => this.#load(userId, context),
    });
  }

  get(userId: string): Promise<AuthValidation | null>;
  get(userId: string, check: AuthCheck): Promise<AuthValidation>;
  async get(userId: string, check?: AuthCheck): Promise<AuthValidation | null> {
    // An entry exists only under an id that was accepted before: a hit, on the path of every request, needs no check.
    const hit = typeof userId === 'string' ? this.#region.peek(userId) : undefined;
    if (hit !== undefined) return hit;
    const id = parseInput(idSchema, 'userId', userId);
    if (check !== undefined) return this.#ask(id, { check, isGiven: false });
    if (!this.#isOn || this.#hold.isHeld(id)) return null;
    return (await this.#l2?.read(id)) ?? null;
  }

  async set(userId: string, verdict: AuthVerdict): Promise<void> {
    const id = parseInput(idSchema, 'userId', userId);
    const given = parseInput(authVerdictSchema, 'verdict', verdict);
    await this.invalidate(id);
    if (this.#isOn) await this.#ask(id, { check: () => Promise.resolve(given), isGiven: true });
  }

  async invalidate(userId: string): Promise<void> {
    const id = parseInput(idSchema, 'userId', userId);
    // Before anything else: a read that begins now must not take from L2 what is about to be removed (R3).
    this.#hold.hold(id);
    await this.#region.write(id, async () => this.#l2?.remove(id));
  }

  stats(): AuthValidationStats {
    const { entries, hits } = this.#region.status();
    return {
      isOn: this.#isOn,
      entries,
      hits,
      l2Hits: this.#l2Hits,
      checks: this.#checks,
      l2Refused: this.#l2?.refused ?? 0,
    };
  }

  async #ask(userId: string, asked: Asked): Promise<AuthValidation> {
    const options = { fresh: asked.isGiven };
    const validation = await this.#asked.run(asked, () => this.#region.get(userId, options));
    if (validation === null) throw new InvalidInputError('a check must return a verdict, got null');
    return validation;
  }

  async #load(userId: string, context: LoadContext): Promise<AuthValidation> {
    const asked = this.#asked.getStore();
    if (asked === undefined) throw new InvalidInputError('get must be given a check, got nothing');
    const found = await this.#lookUp(userId, asked);
    if (found.kind === 'found' && !asked.isGiven) {
      this.#l2Hits += 1;
      return found.validation;
    }
    // Noted before the check: what it says may be overtaken while it is on its way.
    const checkedAt = new Date(this.#clock.wallMs());
    if (!asked.isGiven) this.#checks += 1;
    const verdict = parseInput(authVerdictSchema, 'verdict', await asked.check(context));
    const validation = { ...verdict, checkedAt };
    if (found.kind !== 'reserved') return validation;
    const stored = this.#l2?.fill(userId, found.reservation, validation);
    // Whoever waits for a check is not kept waiting for Redis; whoever sets wants the others to have it.
    if (asked.isGiven) await stored;
    return validation;
  }

  async #lookUp(userId: string, { isGiven }: Asked): Promise<L2Read> {
    const isPassedOver = !this.#isOn || (this.#hold.isHeld(userId) && !isGiven);
    if (this.#l2 === undefined || isPassedOver) return { kind: 'nothing' };
    return this.#l2.readOrReserve(userId);
  }
}
