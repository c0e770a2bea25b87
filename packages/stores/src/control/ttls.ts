// How long entries may stay in the caches at most. A matter of memory: freshness never depends on a TTL (R1).
import type { EnvironmentReader } from './environment-reader.ts';

export const ttlRules = {
  policy: { variable: 'POLICY_CACHE_TTL_SECONDS', defaultSeconds: 300 },
  config: { variable: 'CONFIG_CACHE_TTL_SECONDS', defaultSeconds: 300 },
  conversation: { variable: 'CONVERSATION_CACHE_TTL_SECONDS', defaultSeconds: 60 },
} as const;

export type TtlName = keyof typeof ttlRules;

/** In seconds. */
export type Ttls = Readonly<Record<TtlName, number>>;

export function readTtls(reader: EnvironmentReader): Ttls {
  const read = ({ variable, defaultSeconds }: (typeof ttlRules)[TtlName]): number =>
    reader.seconds(variable, defaultSeconds);
  return {
    policy: read(ttlRules.policy),
    config: read(ttlRules.config),
    conversation: read(ttlRules.conversation),
  };
}
