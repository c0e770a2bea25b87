// The control: the usual cache-aside with a pub/sub DEL. Written as one would write it in an afternoon, with timeouts and
// without mistakes that are easy to see; the checker must find it guilty, or the checker sees nothing.
import { Redis } from 'ioredis';
import type { ContestantCache, ContestantParts, Item } from '../instance/contestant.ts';
import type { Origin } from '../judge/reads.ts';
import { ttlMs } from '../keys.ts';
import { sharedMs } from '../shared-clock.ts';

export const naiveChannel = 'naive:invalidated';

export function naiveKey(name: string): string {
  return `naive:${name}`;
}

interface Entry {
  readonly item: Item | null;
  readonly expiresAtMs: number;
}

export function naiveCache({ settings, load, onOvertaken }: ContestantParts): ContestantCache {
  const { redisUrl } = settings;
  const options = { commandTimeout: 100, maxRetriesPerRequest: 0, enableOfflineQueue: false };
  const redis = new Redis(redisUrl, options);
  const subscriber = new Redis(redisUrl);
  for (const client of [redis, subscriber]) client.on('error', () => undefined);
  const entries = new Map<string, Entry>();
  const origins = new Map<string, Origin>();
  const drop = (name: string): void => {
    entries.delete(name);
    onOvertaken([name]);
  };
  subscriber.on('message', (_channel: string, name: string) => drop(name));
  subscriber.subscribe(naiveChannel).catch(() => undefined);

  const keep = (name: string, item: Item | null, origin: Origin): Item | null => {
    entries.set(name, { item, expiresAtMs: sharedMs() + ttlMs });
    origins.set(name, origin);
    return item;
  };
  const peek = (name: string): Item | null | undefined => {
    const entry = entries.get(name);
    return entry !== undefined && sharedMs() < entry.expiresAtMs ? entry.item : undefined;
  };
  const get = async (name: string): Promise<Item | null> => {
    const hit = peek(name);
    if (hit !== undefined) return hit;
    const shared = await redis.get(naiveKey(name)).catch(() => null);
    if (shared !== null) return keep(name, JSON.parse(shared) as Item | null, 'L2');
    const item = await load(name);
    redis.set(naiveKey(name), JSON.stringify(item), 'PX', ttlMs).catch(() => undefined);
    return keep(name, item, 'source');
  };
  return {
    peek,
    get,
    getMany: (names) => Promise.all(names.map(get)),
    getFresh: load,
    async write(name, change) {
      try {
        return await change();
      } finally {
        drop(name);
        await redis
          .multi()
          .del(naiveKey(name))
          .publish(naiveChannel, name)
          .exec()
          .catch(() => undefined);
      }
    },
    originOf: (name) => origins.get(name) ?? 'source',
    status: () => ({ isReady: redis.status === 'ready', provedMs: null, resets: 0 }),
    async close() {
      redis.disconnect();
      subscriber.disconnect();
    },
  };
}
