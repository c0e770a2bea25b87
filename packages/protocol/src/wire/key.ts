// Names of keys: how a region's key becomes text, and where a namespace keeps its head, log and cursor in Redis.
import { TidemarkError } from '../errors.ts';

/** A key of a region: one part, or several. Numbers are written in decimal. */
export type Key = string | number | readonly (string | number)[];

/**
 * The same text as `tidemark.encode_key` makes in SQL: `%` and `:` are percent-encoded inside a part, parts are joined
 * by `:`, so that no two keys collide.
 *
 * @throws TidemarkError `KEY_INVALID` for an empty tuple, and for what is no text and no number: objects would all be one key
 */
export function encodeKey(key: Key): string {
  if (typeof key === 'string') return encodePart(key);
  if (typeof key === 'number') return String(key);
  if (!Array.isArray(key)) throw notAKey(key);
  if (key.length === 0) {
    throw new TidemarkError('a key must have at least one part, got an empty tuple', { code: 'KEY_INVALID' });
  }
  return (key as readonly unknown[]).map(encodeAnyPart).join(':');
}

/** Who writes JavaScript may pass what types refuse: a tenant that is undefined must not be one for all (R4). */
function encodeAnyPart(part: unknown): string {
  if (typeof part === 'string') return encodePart(part);
  if (typeof part === 'number') return String(part);
  throw notAKey(part);
}

function notAKey(part: unknown): TidemarkError {
  const got = part === null ? 'null' : typeof part;
  return new TidemarkError(
    `a key must be a text, a number or a list of these, got ${got}: pass the id of a row`,
    {
      code: 'KEY_INVALID',
    },
  );
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

/**
 * How keys are spelt in Redis. `plain`: as everything else spells them. `slots`, on Redis Cluster: the deployment's prefix
 * becomes a hash tag with the namespace in it, so that a namespace is one slot, and its scripts are atomic there, too.
 */
export type KeyLayout = 'plain' | 'slots';

export interface NamespaceKeys {
  readonly head: string;
  readonly log: string;
  readonly cursor: string;
  readonly watch: string;
  /** Pub/sub channel of the records. */
  readonly records: string;
  /** Pub/sub channel of the hints. */
  readonly hints: string;
  /** What the names of tickets begin with. */
  readonly tickets: string;
  /** Absent: `plain`. */
  readonly slot?: NamespaceSlot;
}

/** What is different in the layout `slots`. */
interface NamespaceSlot {
  readonly keyPrefix: string;
  /** Stands in Redis where everything else says `keyPrefix`: `{copilot:main}`. */
  readonly tag: string;
}

/** @param keyPrefix the deployment's prefix, e.g. `copilot` */
export function namespaceKeys(
  keyPrefix: string,
  namespace: string,
  layout: KeyLayout = 'plain',
): NamespaceKeys {
  const tag = layout === 'slots' ? slotTag(keyPrefix, namespace) : keyPrefix;
  const base = `${tag}:tidemark:${namespace}`;
  return {
    head: `${base}:head`,
    log: `${base}:log`,
    cursor: `${base}:cursor`,
    watch: `${base}:watch`,
    records: `${base}:records`,
    hints: `${base}:hints`,
    tickets: `${base}:ticket`,
    ...(layout === 'slots' ? { slot: { keyPrefix, tag } } : {}),
  };
}

/** A prefix with a tag of its own keeps it: then the whole deployment is one slot, as somebody has chosen. */
function slotTag(keyPrefix: string, namespace: string): string {
  return /\{[^}]+\}/.test(keyPrefix) ? keyPrefix : `{${keyPrefix}:${namespace}}`;
}

/** Where instances agree on who loads a value for all of them; never read, gone within a moment. */
export function ticketKey(keys: NamespaceKeys, name: string): string {
  return `${keys.tickets}:${name}`;
}

/** The namespace in whose slot instances announce themselves: every deployment serves it. */
export const announcementNamespace = 'main';

/** The index of the instances that announced themselves: a sorted set, the last one with the highest score. */
export function instancesKey(keyPrefix: string, layout: KeyLayout = 'plain'): string {
  const tag = layout === 'slots' ? slotTag(keyPrefix, announcementNamespace) : keyPrefix;
  return `${tag}:tidemark:instances`;
}

/** What one instance announced; with a TTL. */
export function announcementKey(keyPrefix: string, instanceId: string, layout: KeyLayout = 'plain'): string {
  return `${instancesKey(keyPrefix, layout)}:${instanceId}`;
}

/**
 * Whether a deployment may have the prefix, the same for its instances and its sidecar: a short name without spaces, and
 * without what patterns of Redis give a meaning. Braces may stand in it: on Redis Cluster they make it one slot.
 */
export function isKeyPrefix(text: string): boolean {
  return /^[^\s*?[\]\\]{1,100}$/.test(text);
}

/** The prefix of a region's L2 values; the value of a key is at `<prefix>:<encoded key>`. */
export function regionPrefix(keyPrefix: string, regionName: string): string {
  return `${keyPrefix}:${regionName}`;
}

/** Whether a namespace can be called so: `tidemark.track` takes no other. */
export function isNamespaceName(name: string): boolean {
  return /^[a-z][a-z0-9_-]{0,31}$/.test(name);
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

/** As everything but a Redis Cluster spells it; what is sent is {@link storedKey} of it. */
export function valueKey(prefix: string, encodedKey: string): string {
  return `${prefix}:${encodedKey}`;
}

/**
 * The key of a value as it is sent to Redis. On a Cluster every prefix gets the tag, also one of another deployment: a
 * script that names two slots is refused as a whole.
 */
export function storedKey({ slot }: NamespaceKeys, key: string): string {
  if (slot === undefined) return key;
  const { keyPrefix, tag } = slot;
  return `${tag}:${key.startsWith(`${keyPrefix}:`) ? key.slice(keyPrefix.length + 1) : key}`;
}

/** The inverse of {@link storedKey}, for people who have copied a key from a Cluster; any other text stays as it is. */
export function spokenKey(keyPrefix: string, stored: string): string {
  const rest = stored.startsWith(`{${keyPrefix}:`) ? /^[^}]*\}:(.*)$/s.exec(stored)?.[1] : undefined;
  return rest === undefined ? stored : `${keyPrefix}:${rest}`;
}

/**
 * Whose value it is, as the value itself says. A region `a` with the key `['b', 'c']` and a region `a:b` with the key
 * `c` share a Redis key; region names hold no spaces, so that owners never meet.
 */
export function valueOwner(prefix: string, encodedKey: string): string {
  return `${prefix} ${encodedKey}`;
}
