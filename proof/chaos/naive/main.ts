// The control's sidecar: hears of changed rows over Realtime, deletes them in Redis and tells the instances. Stands where
// Tidemark's sidecar stands, and is killed and cut off like it.
import { createClient, REALTIME_SUBSCRIBE_STATES } from '@supabase/supabase-js';
import { Redis } from 'ioredis';
import { naiveChannel, naiveKey } from './naive-cache.ts';

const { SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY, REDIS_URL } = process.env;
if (SUPABASE_URL === undefined || SUPABASE_SERVICE_ROLE_KEY === undefined || REDIS_URL === undefined) {
  throw new Error('SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY and REDIS_URL must be set');
}
const redis = new Redis(REDIS_URL, { maxRetriesPerRequest: 1 });
redis.on('error', () => undefined);

function invalidate(row: unknown): void {
  const { id } = row as { id?: unknown };
  if (typeof id !== 'string') return;
  redis
    .multi()
    .del(naiveKey(id))
    .publish(naiveChannel, id)
    .exec()
    .catch(() => undefined);
}

createClient(SUPABASE_URL, SUPABASE_SERVICE_ROLE_KEY)
  .channel('naive')
  .on('postgres_changes', { event: '*', schema: 'public', table: 'item' }, (change) => {
    invalidate(change.new);
  })
  .subscribe((status) => {
    if (status === REALTIME_SUBSCRIBE_STATES.SUBSCRIBED)
      console.log(JSON.stringify({ msg: 'the sidecar has started' }));
  });
