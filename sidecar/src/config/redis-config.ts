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
      readonly sentinels: readonly ServerAddress[];
      /** What the sentinels call the primary and its replicas. */
      readonly name: string;
      /** Of the primary. */
      readonly username: string | undefined;
      readonly password: string | undefined;
      readonly sentinelPassword: string | undefined;
      /** Of sentinels and servers alike. */
      readonly isTls: boolean;
    }
  | {
      readonly kind: 'cluster';
      /** Some of the nodes: any of them tells where a namespace is. */
      readonly nodes: readonly ServerAddress[];
      /** Of every node. */
      readonly username: string | undefined;
      readonly password: string | undefined;
      readonly isTls: boolean;
    };

export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

export function redisOption(redis: RedisConfig): RedisOption {
  if (redis.kind === 'single') return redis.url;
  const { username, password, isTls } = redis;
  const credentials = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
  };
  if (redis.kind === 'cluster') {
    return { kind: 'cluster', nodes: redis.nodes, ...credentials, ...(isTls ? { tls: {} } : {}) };
  }
  const { sentinels, name, sentinelPassword } = redis;
  return {
    sentinels: [...sentinels],
    name,
    ...credentials,
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
  if (redis.kind === 'cluster') return `the Cluster of ${addressesOf(redis.nodes)}`;
  return `${redis.name} of the sentinels ${addressesOf(redis.sentinels)}`;
}

function addressesOf(servers: readonly ServerAddress[]): string {
  return servers.map(({ host, port }) => `${host}:${port}`).join(', ');
}

export function redisSecrets(redis: RedisConfig): string[] {
  if (redis.kind === 'single') return passwordsOf(redis.url);
  const sentinelPassword = redis.kind === 'sentinel' ? redis.sentinelPassword : undefined;
  return [redis.password, sentinelPassword].filter((secret) => secret !== undefined);
}

/** The password of a URL, as it is written there and as it is meant. */
export function passwordsOf(url: string): string[] {
  const { password } = new URL(url);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}
