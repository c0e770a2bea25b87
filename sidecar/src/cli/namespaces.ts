// What Redis knows of each namespace: its head, its watch, and how many listen. Reads only.
import {
  channelIn,
  type Head,
  namespaceKeys,
  parseHead,
  parseWatch,
  type WatchDocument,
} from '@tidemark/protocol';
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

/**
 * The watch of the first one names them all, and engines subscribe to a channel for each, that of best effort too; no key
 * is searched for. On a Cluster the channels of a namespace are known to its own server alone.
 */
export async function findNamespaces(connection: CommandRedis): Promise<string[]> {
  const { redis, keyPrefix, layout } = connection;
  const { watch } = await readNamespace(connection, firstNamespace);
  const names = new Set([firstNamespace, ...(watch?.namespaces ?? [])]);
  if (layout === 'slots') return [...names];
  const wanted = namespaceKeys(keyPrefix, '*');
  for (const pattern of [wanted.hints, wanted.records].map((channel) => channelIn(redis, channel))) {
    const [before = '', after = ''] = pattern.split('*');
    for (const channel of (await redis.pubsub('CHANNELS', pattern)) as string[]) {
      names.add(channel.slice(before.length, channel.length - after.length));
    }
  }
  return [...names];
}

export async function readNamespace(
  { at, keyPrefix, layout }: CommandRedis,
  namespace: string,
): Promise<NamespaceView> {
  const keys = namespaceKeys(keyPrefix, namespace, layout);
  const redis = await at(namespace);
  const [head, watch] = await redis.mget(keys.head, keys.watch);
  const count = keys.slot === undefined ? 'NUMSUB' : 'SHARDNUMSUB';
  const channels = [keys.hints, keys.records].map((channel) => channelIn(redis, channel));
  const counted = (await redis
    .call('PUBSUB', count, ...channels)
    // A server before 7.0 has no sharded channels.
    .catch(() => redis.call('PUBSUB', 'NUMSUB', ...channels))) as unknown[];
  const [, hintListeners, , recordListeners] = counted;
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
