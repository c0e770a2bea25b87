// Where Redis is, once it is known: how to connect to it, what of it may be shown, and what never.
import type { RedisOption } from '@tidemark/protocol';

export type RedisConfig =
  | {
      readonly kind: 'single';
      /** Holds the credentials. */
      readonly url: string;
    }
  | {
      /** The sentinels say which server is the primary, on each connect. */
      readonly kind: 'sentinel';
      readonly sentinels: readonly SentinelAddress[];
      /** What the sentinels call the primary and its replicas. */
      readonly name: string;
      /** Of the primary. */
      readonly username: string | undefined;
      readonly password: string | undefined;
      readonly sentinelPassword: string | undefined;
      /** Of sentinels and servers alike. */
      readonly isTls: boolean;
    };

export interface SentinelAddress {
  readonly host: string;
  readonly port: number;
}

export function redisOption(redis: RedisConfig): RedisOption {
  if (redis.kind === 'single') return redis.url;
  const { sentinels, name, username, password, sentinelPassword, isTls } = redis;
  return {
    sentinels: [...sentinels],
    name,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    ...(isTls ? { tls: {}, enableTLSForSentinelMode: true } : {}),
  };
}

/** Scheme, host and port: what may be shown. */
export function redisAddress(redis: RedisConfig): string {
  if (redis.kind === 'single') {
    const { protocol, host } = new URL(redis.url);
    return `${protocol}//${host}`;
  }
  const addresses = redis.sentinels.map(({ host, port }) => `${host}:${port}`);
  return `${redis.name} of the sentinels ${addresses.join(', ')}`;
}

export function redisSecrets(redis: RedisConfig): string[] {
  if (redis.kind === 'single') return passwordsOf(redis.url);
  return [redis.password, redis.sentinelPassword].filter((secret) => secret !== undefined);
}

/** The password of a URL, as it is written there and as it is meant. */
export function passwordsOf(url: string): string[] {
  const { password } = new URL(url);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}
