// Where Redis is: a Redis URL, the https URL and token that Upstash shows, sentinels that know the primary, or nodes of a
// Cluster. Never connects, and never puts a credential, or a URL that may hold one, into a message.
import type { RedisConfig, ServerAddress } from './redis-config.ts';
import type * as z from 'zod';
import { setting, switchSchema } from './schemas.ts';
import type { SettingReader } from './setting-reader.ts';
import type { Variable } from './settings.ts';

const upstashPort = 6379;

/** What a sentinel listens on when nobody says otherwise. */
const sentinelPort = 26_379;

/** What a node of a Cluster listens on then. */
const nodePort = 6379;

const urlSchema = setting((text, refuse): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['redis:', 'rediss:', 'https:'].includes(url.protocol)) {
    const scheme = /^[a-z][a-z0-9+.-]*(?=:\/\/)/i.exec(text)?.[0];
    return refuse(
      `must be a redis:// or rediss:// URL, or the https:// URL of Upstash, got ${scheme === undefined ? 'a text without a scheme' : `${scheme}://`}: write for example redis://127.0.0.1:6379`,
    );
  }
  return url.hostname === ''
    ? refuse('must name a host, got none: write for example redis://127.0.0.1:6379')
    : url;
});

const addressesSchema = (usualPort: number, example: string): z.ZodType<readonly ServerAddress[], string> =>
  setting((text, refuse) =>
    text.split(',').map((part): ServerAddress => {
      const [, host, port = String(usualPort)] =
        /^(\[[0-9a-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i.exec(part.trim()) ?? [];
      return host === undefined || Number(port) > 65_535
        ? refuse(`must be a comma list of addresses, got "${part.trim()}": write for example ${example}`)
        : { host: host.replace(/^\[|\]$/g, ''), port: Number(port) };
    }),
  );

const sentinelsSchema = addressesSchema(sentinelPort, 'sentinel-1:26379,sentinel-2:26379');

const nodesSchema = addressesSchema(nodePort, 'node-1:6379,node-2:6379');

const textSchema = setting((text) => text);

/** @returns undefined when something was reported */
export function readRedis(reader: SettingReader): RedisConfig | undefined {
  const ways = ['REDIS_CLUSTER', 'REDIS_SENTINELS', 'REDIS_URL'] as const;
  const [way = 'REDIS_URL', ...others] = ways.filter((variable) => reader.has(variable));
  for (const other of others) {
    reader.report(
      `${reader.label(other)} must be unset when ${reader.label(way)} is set, got both: leave one of them out`,
    );
  }
  if (way === 'REDIS_CLUSTER') return readCluster(reader);
  return way === 'REDIS_SENTINELS' ? readSentinel(reader) : readSingle(reader);
}

function readCluster(reader: SettingReader): RedisConfig | undefined {
  refuseWithoutSentinels(reader);
  const nodes = reader.read('REDIS_CLUSTER', nodesSchema);
  const common = {
    username: reader.read('REDIS_USERNAME', textSchema),
    password: reader.read('REDIS_PASSWORD', textSchema),
    isTls: reader.read('REDIS_TLS', switchSchema) ?? false,
  };
  return nodes === undefined ? undefined : { kind: 'cluster', nodes, ...common };
}

function readSentinel(reader: SettingReader): RedisConfig | undefined {
  const sentinels = reader.read('REDIS_SENTINELS', sentinelsSchema);
  const name = reader.read('REDIS_SENTINEL_NAME', textSchema);
  if (name === undefined) {
    reader.report(
      'REDIS_SENTINEL_NAME must be set with sentinels, got nothing: it is the name after "sentinel monitor" in their configuration',
    );
  }
  const common = {
    username: reader.read('REDIS_USERNAME', textSchema),
    password: reader.read('REDIS_PASSWORD', textSchema),
    sentinelPassword: reader.read('REDIS_SENTINEL_PASSWORD', textSchema),
    isTls: reader.read('REDIS_TLS', switchSchema) ?? false,
  };
  if (sentinels === undefined || name === undefined) return undefined;
  return { kind: 'sentinel', sentinels, name, ...common };
}

function readSingle(reader: SettingReader): RedisConfig | undefined {
  if (!reader.has('REDIS_URL')) {
    reader.report(
      'REDIS_URL must be set, got nothing: the sidecar publishes to Redis, redis://127.0.0.1:6379 for example',
    );
  }
  refuseWithoutSentinels(reader);
  const url = reader.read('REDIS_URL', urlSchema);
  const isTls = reader.read('REDIS_TLS', switchSchema);
  const username = reader.read('REDIS_USERNAME', textSchema);
  const password = reader.read('REDIS_PASSWORD', textSchema);
  const token = reader.read('REDIS_TOKEN', textSchema);
  if (url === undefined) return undefined;
  if (url.protocol === 'https:') {
    const upstash = upstashUrl(reader, url, token);
    return upstash === undefined ? undefined : { kind: 'single', url: upstash };
  }
  if (username !== undefined) {
    reportTwice(reader, { part: 'REDIS_USERNAME', what: 'user', isInUrl: url.username !== '' });
    url.username = encodeURIComponent(username);
  }
  if (password !== undefined) {
    reportTwice(reader, { part: 'REDIS_PASSWORD', what: 'password', isInUrl: url.password !== '' });
    url.password = encodeURIComponent(password);
  }
  return { kind: 'single', url: withTls(reader, url, isTls).href };
}

function refuseWithoutSentinels(reader: SettingReader): void {
  for (const variable of ['REDIS_SENTINEL_NAME', 'REDIS_SENTINEL_PASSWORD'] as const) {
    if (reader.has(variable)) reader.report(withoutSentinels(reader, variable));
  }
}

function withoutSentinels(reader: SettingReader, variable: Variable): string {
  return `${reader.label(variable)} must be unset without REDIS_SENTINELS, got a value: name the sentinels, or leave it out`;
}

interface TwicePart {
  readonly part: Variable;
  readonly what: string;
  readonly isInUrl: boolean;
}

function reportTwice(reader: SettingReader, { part, what, isInUrl }: TwicePart): void {
  if (!isInUrl) return;
  reader.report(
    `${reader.label(part)} must be unset when ${reader.label('REDIS_URL')} holds a ${what}, got both: leave one of them out`,
  );
}

function withTls(reader: SettingReader, url: URL, isTls: boolean | undefined): URL {
  if (isTls === false && url.protocol === 'rediss:') {
    reader.report(
      `${reader.label('REDIS_TLS')} must be true or unset with a rediss:// URL, got false: write redis:// for a connection without TLS`,
    );
  }
  return isTls === true ? new URL(url.href.replace(/^redis:/, 'rediss:')) : url;
}

function upstashUrl(reader: SettingReader, url: URL, token: string | undefined): string | undefined {
  if (token !== undefined)
    return `rediss://default:${encodeURIComponent(token)}@${url.hostname}:${upstashPort}`;
  reader.report(
    'REDIS_TOKEN must be set when REDIS_URL is an https:// URL, got nothing: copy it from the console of Upstash',
  );
  return undefined;
}
