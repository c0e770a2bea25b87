// Where Redis is. Takes a Redis URL, or the https URL and token that Upstash shows, and makes one URL of it; or nodes of a
// Cluster. Never connects, and never puts a credential, or a URL that may hold one, into a message.
import type { ClusterOption } from '@tidemark/protocol';
import type { EnvironmentReader } from './environment-reader.ts';

export type RedisSettings =
  /** No `REDIS_URL`: L1 goes straight to the source. */
  | { readonly kind: 'none' }
  | {
      readonly kind: 'redis';
      /** Holds the credentials: for the client, never for a log. */
      readonly url: string;
      /** Scheme, host and port only. */
      readonly address: string;
    }
  | {
      readonly kind: 'cluster';
      /** For `createCache` and `openSharedRedis`; holds the credentials. */
      readonly option: ClusterOption;
      /** Hosts and ports only. */
      readonly address: string;
    };

const upstashPort = 6379;

/** Of a node of a Cluster, when nobody says otherwise. */
const usualPort = 6379;

export function readRedisSettings(reader: EnvironmentReader): RedisSettings {
  const nodes = reader.text('REDIS_CLUSTER');
  const text = reader.text('REDIS_URL');
  if (nodes !== undefined) {
    if (text !== undefined) reader.report('REDIS_URL must be unset when REDIS_CLUSTER is set, got both');
    return readCluster(reader, nodes);
  }
  if (text === undefined) return { kind: 'none' };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'redis:' || url?.protocol === 'rediss:') return fromRedisUrl(reader, url);
  if (url?.protocol === 'https:') return fromUpstashUrl(reader, url);
  const scheme = /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(text)?.[0];
  reader.report(
    'REDIS_URL must be a redis:// or rediss:// URL, or the https:// URL of Upstash together with REDIS_TOKEN, ' +
      `got ${scheme === undefined ? 'a text without a scheme' : `a URL that starts with ${scheme}://`}`,
  );
  return { kind: 'none' };
}

function readCluster(reader: EnvironmentReader, text: string): RedisSettings {
  const nodes = text.split(',').flatMap((part) => {
    const [, host, port = String(usualPort)] =
      /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(part.trim()) ?? [];
    if (host !== undefined && Number(port) <= 65_535) {
      return [{ host: host.replace(/^\[|\]$/g, ''), port: Number(port) }];
    }
    reader.report(`REDIS_CLUSTER must be a comma list of host:port, got ${JSON.stringify(part.trim())}`);
    return [];
  });
  const username = reader.text('REDIS_USERNAME');
  const password = reader.text('REDIS_PASSWORD');
  const isTls = reader.flag('REDIS_TLS') ?? false;
  const option: ClusterOption = {
    kind: 'cluster',
    nodes,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isTls && { tls: {} }),
  };
  return { kind: 'cluster', option, address: nodes.map(({ host, port }) => `${host}:${port}`).join(', ') };
}

function fromRedisUrl(reader: EnvironmentReader, url: URL): RedisSettings {
  if (url.hostname === '') {
    reader.report(`REDIS_URL must name a host, as in ${url.protocol}//127.0.0.1:6379`);
    return { kind: 'none' };
  }
  const password = reader.text('REDIS_PASSWORD');
  if (password !== undefined) {
    if (url.password !== '') {
      reader.report('REDIS_PASSWORD must be unset when REDIS_URL holds a password, got both');
    }
    url.password = encodeURIComponent(password);
  }
  return settingsOf(url.href, url);
}

function fromUpstashUrl(reader: EnvironmentReader, url: URL): RedisSettings {
  const token = reader.text('REDIS_TOKEN');
  if (token === undefined) {
    reader.report('REDIS_TOKEN must be set when REDIS_URL is an https:// URL, got nothing');
    return { kind: 'none' };
  }
  const target = `rediss://default:${encodeURIComponent(token)}@${url.hostname}:${upstashPort}`;
  return settingsOf(target, new URL(target));
}

function settingsOf(url: string, { protocol, host }: URL): RedisSettings {
  return { kind: 'redis', url, address: `${protocol}//${host}` };
}
