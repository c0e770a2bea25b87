// How a command hears the records of namespaces: of all there will ever be by a pattern, where one server holds them; on a
// Cluster each on its own server, and only those that are known when the command begins.
import { channelIn, namespaceKeys } from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import { findNamespaces } from './namespaces.ts';
import type { CommandRedis } from './redis-connection.ts';

type Hear = (namespace: string, text: string) => void;

export interface Hearing {
  readonly subscriber: Redis;
  /** To be called on each connection. */
  readonly subscribe: () => Promise<unknown>;
}

/** @param wanted the only namespace; default all */
export async function hearRecords(
  connection: CommandRedis,
  wanted: string | undefined,
  hear: Hear,
): Promise<readonly Hearing[]> {
  if (connection.layout === 'plain') return [await byPattern(connection, wanted, hear)];
  const namespaces = wanted === undefined ? await findNamespaces(connection) : [wanted];
  return Promise.all(namespaces.map((namespace) => inSlot(connection, namespace, hear)));
}

async function byPattern(
  { keyPrefix, newSubscriber }: CommandRedis,
  wanted = '*',
  hear: Hear,
): Promise<Hearing> {
  const [before = ''] = namespaceKeys(keyPrefix, '*').records.split('*');
  const subscriber = await newSubscriber(wanted);
  const pattern = channelIn(subscriber, namespaceKeys(keyPrefix, wanted).records);
  subscriber.on('pmessage', (_pattern: string, channel: string, text: string) => {
    hear(channel.slice(before.length, channel.lastIndexOf(':')), text);
  });
  return { subscriber, subscribe: () => subscriber.psubscribe(pattern) };
}

async function inSlot(
  { keyPrefix, layout, newSubscriber }: CommandRedis,
  namespace: string,
  hear: Hear,
): Promise<Hearing> {
  const { records } = namespaceKeys(keyPrefix, namespace, layout);
  const subscriber = await newSubscriber(namespace);
  for (const event of ['smessage', 'message']) {
    subscriber.on(event, (_channel: string, text: string) => hear(namespace, text));
  }
  // A server before 7.0 has no sharded channels.
  const subscribe = (): Promise<unknown> =>
    subscriber.ssubscribe(records).catch(() => subscriber.subscribe(records));
  return { subscriber, subscribe };
}
