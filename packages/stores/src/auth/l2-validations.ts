// The L2 of the auth validations. No journal tells what became of a user, so neither head nor log can prove a value
// here; a reservation does in their place. Whoever finds nothing leaves one under the key before it checks, and stores
// what it found only if that is still there:
//
//   nothing ── read ──► reservation ── fill ──► value ── TTL ──► nothing
//                            └── remove, or a DEL by hand ──────────┘ the fill then comes to nothing
//
// The value's life counts from the reservation, by the one clock of Redis: no two machines' clocks are compared.
import { randomUUID } from 'node:crypto';
import { defineScript, encodeKey, runScript, type Script } from '@tidemark/protocol';
import type { SharedRedis } from '../redis/shared-redis.ts';
import { storedValidationSchema, type AuthValidation } from './auth-validation.ts';

/** KEYS: the value. ARGV: a reservation or nothing, its life in ms. @returns what was there and its time to live, or nil */
const readOrReserve: Script = defineScript(`
local text = redis.call('get', KEYS[1])
if text then return {text, redis.call('pttl', KEYS[1])} end
if ARGV[1] ~= '' then redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2]) end
return false
`);

/** KEYS: the value. ARGV: the reservation, the value, the reservation's life, the value's life in ms. */
const fillReserved: Script = defineScript(`
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
local elapsed = tonumber(ARGV[3]) - redis.call('pttl', KEYS[1])
local left = tonumber(ARGV[4]) - elapsed
if left < 1 then return 0 end
redis.call('set', KEYS[1], ARGV[2], 'px', left)
return 1
`);

/** As long as a check may take; a reservation whose owner died keeps the others from sharing for no longer. */
const reservationLifeMs = 10_000;

const reservationPrefix = 'reservation ';

export type L2Read =
  | { readonly kind: 'found'; readonly validation: AuthValidation }
  /** Nothing was there: what the check finds may be stored under the reservation. */
  | { readonly kind: 'reserved'; readonly reservation: string }
  /** Somebody else is checking, the value is unusable, or Redis is not there. */
  | { readonly kind: 'nothing' };

export interface L2ValidationsOptions {
  readonly redis: SharedRedis;
  /** What the keys begin with: `copilot:auth:validation`. */
  readonly prefix: string;
  /** Of a value, from before its check. */
  readonly lifeMs: number;
}

const nothing: L2Read = { kind: 'nothing' };

export class L2Validations {
  readonly #options: L2ValidationsOptions;
  #refused = 0;

  constructor(options: L2ValidationsOptions) {
    this.#options = options;
  }

  /** Values that must not be served: corrupt, of another user, or without the TTL they were given. */
  get refused(): number {
    return this.#refused;
  }

  /** What is there; leaves no reservation. */
  async read(userId: string): Promise<AuthValidation | undefined> {
    const answer = this.#accept(userId, await this.#run(readOrReserve, userId, ['', reservationLifeMs]));
    return answer.kind === 'found' ? answer.validation : undefined;
  }

  /** What is there, or a reservation for who is about to check. */
  async readOrReserve(userId: string): Promise<L2Read> {
    const reservation = `${reservationPrefix}${randomUUID()}`;
    const reply = await this.#run(readOrReserve, userId, [reservation, reservationLifeMs]);
    return reply === null ? { kind: 'reserved', reservation } : this.#accept(userId, reply);
  }

  #accept(userId: string, reply: unknown): L2Read {
    if (!Array.isArray(reply)) return nothing;
    const [text, leftMs] = reply as unknown[];
    if (typeof text !== 'string' || text.startsWith(reservationPrefix)) return nothing;
    const validation = this.#parse(userId, text);
    // A value that was written by hand may live for ever; one of ours never lives longer than from its check.
    const isOurs = typeof leftMs === 'number' && leftMs > 0 && leftMs <= this.#options.lifeMs;
    if (validation !== undefined && isOurs) return { kind: 'found', validation };
    this.#refused += 1;
    return nothing;
  }

  /** Stores nothing when the reservation is gone: something has overtaken the check. */
  async fill(userId: string, reservation: string, validation: AuthValidation): Promise<void> {
    const text = JSON.stringify({ userId, ...validation });
    await this.#run(fillReserved, userId, [reservation, text, reservationLifeMs, this.#options.lifeMs]);
  }

  /** The value, and with a reservation the fill that is under way. */
  async remove(userId: string): Promise<void> {
    await this.#options.redis.attempt((commands) => commands.unlink(this.#keyOf(userId)));
  }

  #run(script: Script, userId: string, values: readonly (string | number)[]): Promise<unknown> {
    return this.#options.redis.attempt((commands) =>
      runScript(commands, script, { keys: [this.#keyOf(userId)], values }),
    );
  }

  #parse(userId: string, text: string): AuthValidation | undefined {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return undefined;
    }
    const result = storedValidationSchema.safeParse(value);
    if (!result.success || result.data.userId !== userId) return undefined;
    const { userId: _, ...validation } = result.data;
    return validation;
  }

  #keyOf(userId: string): string {
    return `${this.#options.prefix}:${encodeKey(userId)}`;
  }
}
