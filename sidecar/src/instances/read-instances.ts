// Reads what instances announce in Redis. Reads only, bounds what it accepts, and takes each age from the TTL that Redis
// counts down, so that the clocks of two machines never meet.
import {
  type Announcement,
  announcementKey,
  type AnnouncementPlace,
  announcementTtlMs,
  instancesKey,
  isInstanceId,
  maxAnnounced,
  maxAnnouncementBytes,
  parseAnnouncement,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';

export interface SeenInstance {
  readonly announcement: Announcement;
  /** How long ago it announced itself, as Redis counts. */
  readonly silentMs: number;
}

export interface InstancesRead {
  readonly instances: readonly SeenInstance[];
  /** Members of the index, and announcements, that could not be read: a stranger writes where instances do. */
  readonly refused: number;
}

/** @throws what ioredis throws; a key that a stranger made is not an error */
export async function readInstances({ redis, keyPrefix, layout }: AnnouncementPlace): Promise<InstancesRead> {
  const members = await readIndex(redis, instancesKey(keyPrefix, layout));
  const ids = members.filter(isInstanceId);
  let refused = members.length - ids.length;
  const pipeline = redis.pipeline();
  for (const id of ids) {
    const key = announcementKey(keyPrefix, id, layout);
    // Not GET: how much a stranger put there is not known.
    pipeline.getrange(key, 0, maxAnnouncementBytes - 1).pttl(key);
  }
  const replies = ids.length === 0 ? [] : ((await pipeline.exec()) ?? []);
  const instances: SeenInstance[] = [];
  for (const [at, id] of ids.entries()) {
    const [error, text] = replies[2 * at] ?? [];
    const [, ttlMs] = replies[2 * at + 1] ?? [];
    // Gone since the index was read, or kept by the index a moment longer.
    if (!error && text === '') continue;
    const announcement = !error && typeof text === 'string' ? parseAnnouncement(text) : undefined;
    // Without a TTL it is none that an instance wrote.
    if (announcement?.instanceId !== id || typeof ttlMs !== 'number' || ttlMs < 0) refused += 1;
    else instances.push({ announcement, silentMs: Math.max(0, announcementTtlMs - ttlMs) });
  }
  return { instances, refused };
}

async function readIndex(redis: Redis, key: string): Promise<string[]> {
  try {
    return await redis.zrevrange(key, 0, maxAnnounced - 1);
  } catch (error) {
    // A key of another type: the next instance that announces itself replaces it.
    if (error instanceof Error && error.message.startsWith('WRONGTYPE')) return [];
    throw error;
  }
}
