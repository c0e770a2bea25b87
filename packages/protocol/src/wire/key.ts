// Names of keys: how a region's key becomes text, and where a namespace keeps its head, log and cursor in Redis.
import { TidemarkError } from '../errors.ts';

/** A key of a region: one part, or several. Numbers are written in decimal. */
export type Key = string | number | readonly (string | number)[];

/**
 * The same text as `tidemark.encode_key` makes in SQL: `%` and `:` are percent-encoded inside a part, parts are joined
 * by `:`, so that no two keys collide.
 *
 * @throws TidemarkError `KEY_INVALID` for an empty tuple
 */
export function encodeKey(key: Key): string {
  if (typeof key === 'string') return encodePart(key);
  if (typeof key === 'number') return String(key);
  if (key.length === 0) {
    throw new TidemarkError('a key must have at least one part, got an empty tuple', { code: 'KEY_INVALID' });
  }
  return key.map((part) => encodePart(String(part))).join(':');
}

function encodePart(part: string): string {
  // The two look-ups are what an L1 hit pays; almost no id contains either character.
  if (!part.includes('%') && !part.includes(':')) return part;
  return part.replaceAll('%', '%25').replaceAll(':', '%3A');
}

/** The inverse of {@link encodeKey}, for loaders: always the parts, also when there is only one. */
export function decodeKey(encoded: string): string[] {
  return encoded.split(':').map((part) => part.replaceAll('%3A', ':').replaceAll('%25', '%'));
}

export interface NamespaceKeys {
  readonly head: string;
  readonly log: string;
  readonly cursor: string;
  readonly watch: string;
  /** Pub/sub channel of the records. */
  readonly records: string;
  /** Pub/sub channel of the hints. */
  readonly hints: string;
}

/** @param keyPrefix the deployment's prefix, e.g. `copilot`; on Redis Cluster `{copilot}` */
export function namespaceKeys(keyPrefix: string, namespace: string): NamespaceKeys {
  const base = `${keyPrefix}:tidemark:${namespace}`;
  return {
    head: `${base}:head`,
    log: `${base}:log`,
    cursor: `${base}:cursor`,
    watch: `${base}:watch`,
    records: `${base}:records`,
    hints: `${base}:hints`,
  };
}

/** Where instances agree on who loads a value for all of them; never read, gone within a moment. */
export function ticketKey(keyPrefix: string, namespace: string, name: string): string {
  return `${keyPrefix}:tidemark:${namespace}:ticket:${name}`;
}

/** The index of the instances that announced themselves: a sorted set, the last one with the highest score. */
export function instancesKey(keyPrefix: string): string {
  return `${keyPrefix}:tidemark:instances`;
}

/** What one instance announced; with a TTL. */
export function announcementKey(keyPrefix: string, instanceId: string): string {
  return `${keyPrefix}:tidemark:instances:${instanceId}`;
}

/**
 * Whether a deployment may have the prefix, the same for its instances and its sidecar: a short name without spaces, and
 * without what patterns of Redis give a meaning. Braces may stand in it, for Redis Cluster.
 */
export function isKeyPrefix(text: string): boolean {
  return /^[^\s*?[\]\\]{1,100}$/.test(text);
}

/** The prefix of a region's L2 values; the value of a key is at `<prefix>:<encoded key>`. */
export function regionPrefix(keyPrefix: string, regionName: string): string {
  return `${keyPrefix}:${regionName}`;
}

/** Whether it is a name of Tidemark's own: the head and the log of each namespace live there. */
export function isReservedName(regionName: string): boolean {
  return regionName === 'tidemark' || regionName.startsWith('tidemark:');
}

/** Whether a region of this deployment may have the prefix: nothing of Tidemark's own, nothing of anybody else. */
export function isRegionPrefix(keyPrefix: string, prefix: string): boolean {
  const name = prefix.slice(keyPrefix.length + 1);
  return prefix.startsWith(`${keyPrefix}:`) && name !== '' && !isReservedName(name);
}

export function valueKey(prefix: string, encodedKey: string): string {
  return `${prefix}:${encodedKey}`;
}

/**
 * Whose value it is, as the value itself says. A region `a` with the key `['b', 'c']` and a region `a:b` with the key
 * `c` share a Redis key; region names hold no spaces, so that owners never meet.
 */
export function valueOwner(prefix: string, encodedKey: string): string {
  return `${prefix} ${encodedKey}`;
}
