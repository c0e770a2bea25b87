// announce and withdraw: an instance puts what it tells of itself into Redis, for a while, and takes it back. Owns the
// bounds of what is kept; the clock that ends it is that of Redis alone.
import type { Redis } from 'ioredis';
import { defineScript, runScript } from '../redis/script.ts';
import {
  type Announcement,
  announcementTtlMs,
  formatAnnouncement,
  maxAnnounced,
} from '../wire/announcement.ts';
import { announcementKey, instancesKey, type KeyLayout } from '../wire/key.ts';

// A key of another type is replaced, and scores of the future are dropped: a stranger must not hide the
// instances for ever. What the index drops ends by its TTL.
const announceScript = defineScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('TYPE', KEYS[1]).ok ~= 'zset' then redis.call('UNLINK', KEYS[1]) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], now + 1, '+inf')
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYRANK', KEYS[1], 0, -1 - ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1
`);

/** Which deployment an instance announces itself in, on the connection that leads there. */
export interface AnnouncementPlace {
  readonly redis: Redis;
  readonly keyPrefix: string;
  /** Default `plain`. */
  readonly layout?: KeyLayout;
}

/** Replaces what the instance announced before; gone after {@link announcementTtlMs}. */
export async function announce(place: AnnouncementPlace, announcement: Announcement): Promise<void> {
  const { redis, keyPrefix, layout } = place;
  const { instanceId } = announcement;
  await runScript(redis, announceScript, {
    keys: [instancesKey(keyPrefix, layout), announcementKey(keyPrefix, instanceId, layout)],
    values: [instanceId, formatAnnouncement(announcement), announcementTtlMs, maxAnnounced],
  });
}

/** For an instance that ends: what is not withdrawn looks like a process that hangs. */
export async function withdraw(place: AnnouncementPlace, instanceId: string): Promise<void> {
  const { redis, keyPrefix, layout } = place;
  await redis
    .pipeline()
    .zrem(instancesKey(keyPrefix, layout), instanceId)
    .unlink(announcementKey(keyPrefix, instanceId, layout))
    .exec();
}
