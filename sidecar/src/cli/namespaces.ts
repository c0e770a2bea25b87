// What Redis knows of each namespace: its head, its watch, and how many listen. Reads only.
import { type Head, namespaceKeys, parseHead, parseWatch, type WatchDocument } from '@tidemark/protocol';
import type { CommandRedis } from './redis-connection.ts';

export interface NamespaceView {
  readonly namespace: string;
  /** null: no sidecar has run yet, or Redis lost it. */
  readonly head: Head | null;
  readonly watch: WatchDocument | null;
  /** Who hears the hints: sidecars and instances. */
  readonly hintListeners: number;
  /** Who hears the records: instances. */
  readonly recordListeners: number;
}

/** Of a deployment whose tables all are where `track` puts them by default. */
const firstNamespace = 'main';

/** Engines subscribe to a channel for each namespace, so that the channels name them all; no key is searched for. */
async function findNamespaces({ redis, keyPrefix }: CommandRedis): Promise<string[]> {
  const names = new Set([firstNamespace]);
  const wanted = namespaceKeys(keyPrefix, '*');
  for (const pattern of [wanted.hints, wanted.records]) {
    const [before = '', after = ''] = pattern.split('*');
    for (const channel of (await redis.pubsub('CHANNELS', pattern)) as string[]) {
      names.add(channel.slice(before.length, channel.length - after.length));
    }
  }
  return [...names];
}

export async function readNamespace(
  { redis, keyPrefix }: CommandRedis,
  namespace: string,
): Promise<NamespaceView> {
  const keys = namespaceKeys(keyPrefix, namespace);
  const [head, watch] = await redis.mget(keys.head, keys.watch);
  const [, hintListeners, , recordListeners] = await redis.pubsub('NUMSUB', keys.hints, keys.records);
  return {
    namespace,
    head: parseHead(head ?? '') ?? null,
    watch: parseWatch(watch ?? '') ?? null,
    hintListeners: Number(hintListeners),
    recordListeners: Number(recordListeners),
  };
}

export async function readNamespaces(connection: CommandRedis): Promise<NamespaceView[]> {
  const names = await findNamespaces(connection);
  return Promise.all(names.map((name) => readNamespace(connection, name)));
}
