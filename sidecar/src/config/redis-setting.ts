// Where Redis is: a Redis URL, or the https URL and token that Upstash shows, made into one. Never connects, and never
// puts a credential, or a URL that may hold one, into a message.
import { setting } from './schemas.ts';
import type { SettingReader } from './setting-reader.ts';

const upstashPort = 6379;

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

const credentialSchema = setting((text) => text);

/** @returns the URL to connect to; it holds the credentials */
export function readRedisUrl(reader: SettingReader): string | undefined {
  if (!reader.has('REDIS_URL')) {
    reader.report(
      'REDIS_URL must be set, got nothing: the sidecar publishes to Redis, redis://127.0.0.1:6379 for example',
    );
  }
  const url = reader.read('REDIS_URL', urlSchema);
  const password = reader.read('REDIS_PASSWORD', credentialSchema);
  const token = reader.read('REDIS_TOKEN', credentialSchema);
  if (url === undefined) return undefined;
  return url.protocol === 'https:' ? upstashUrl(reader, url, token) : redisUrl(reader, url, password);
}

function redisUrl(reader: SettingReader, url: URL, password: string | undefined): string {
  if (password === undefined) return url.href;
  if (url.password !== '') {
    reader.report(
      'REDIS_PASSWORD must be unset when REDIS_URL holds a password, got both: leave one of them out',
    );
  }
  url.password = encodeURIComponent(password);
  return url.href;
}

function upstashUrl(reader: SettingReader, url: URL, token: string | undefined): string | undefined {
  if (token !== undefined)
    return `rediss://default:${encodeURIComponent(token)}@${url.hostname}:${upstashPort}`;
  reader.report(
    'REDIS_TOKEN must be set when REDIS_URL is an https:// URL, got nothing: copy it from the console of Upstash',
  );
  return undefined;
}
