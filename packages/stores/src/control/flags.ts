// The switches of the caches. One kill switch beats all others; each cache has its own below it. Off means that reads
// go to the source, L1 included; writes still invalidate, so that flipping a switch on one instance is safe (see the
// cached store).
import type { EnvironmentReader } from './environment-reader.ts';

export const killSwitch = 'ENABLE_REDIS_CACHING';

export type FlagName =
  | 'policyCache'
  | 'configCache'
  | 'conversationCache'
  | 'eventHubs'
  | 'authValidationCache'
  | 'rateLimiter';

export interface FlagRule {
  readonly variable: string;
  readonly isOnByDefault: boolean;
}

/** Conversations are written about as often as they are read, so their cache has to be asked for. */
export const flagRules: Readonly<Record<FlagName, FlagRule>> = {
  policyCache: { variable: 'ENABLE_LLM_POLICY_CACHE', isOnByDefault: true },
  configCache: { variable: 'ENABLE_CONVERSATION_CONFIG_CACHE', isOnByDefault: true },
  conversationCache: { variable: 'ENABLE_CONVERSATION_CACHING', isOnByDefault: false },
  eventHubs: { variable: 'ENABLE_REDIS_EVENT_HUBS', isOnByDefault: true },
  authValidationCache: { variable: 'ENABLE_AUTH_VALIDATION_CACHE', isOnByDefault: true },
  rateLimiter: { variable: 'ENABLE_RATE_LIMITER_REDIS', isOnByDefault: true },
};

export interface Flag {
  readonly isOn: boolean;
  /** Which setting decided, for logs: `ENABLE_REDIS_CACHING=false`, `ENABLE_LLM_POLICY_CACHE unset`. */
  readonly decidedBy: string;
}

export type Flags = Readonly<Record<FlagName, Flag>>;

export function readFlags(reader: EnvironmentReader): Flags {
  const isKilled = reader.flag(killSwitch) === false;
  return {
    policyCache: readFlag(reader, flagRules.policyCache, isKilled),
    configCache: readFlag(reader, flagRules.configCache, isKilled),
    conversationCache: readFlag(reader, flagRules.conversationCache, isKilled),
    eventHubs: readFlag(reader, flagRules.eventHubs, isKilled),
    authValidationCache: readFlag(reader, flagRules.authValidationCache, isKilled),
    rateLimiter: readFlag(reader, flagRules.rateLimiter, isKilled),
  };
}

function readFlag(reader: EnvironmentReader, rule: FlagRule, isKilled: boolean): Flag {
  // Read also under the kill switch: a typo must not wait for the day the switch is turned back.
  const own = reader.flag(rule.variable);
  if (isKilled) return { isOn: false, decidedBy: `${killSwitch}=false` };
  if (own === undefined) return { isOn: rule.isOnByDefault, decidedBy: undecided(rule) };
  return { isOn: own, decidedBy: `${rule.variable}=${own}` };
}

/** What a caller asks for counts where no variable has decided: those are the operator's, who comes last. */
export function switchedOnByCaller(name: FlagName, flag: Flag, option: string): Flag {
  return flag.decidedBy === undecided(flagRules[name]) ? { isOn: true, decidedBy: option } : flag;
}

function undecided({ variable }: FlagRule): string {
  return `${variable} unset`;
}
