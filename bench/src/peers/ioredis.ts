// Bare ioredis, with the very commands that a coherent read needs and nothing around them: what the network and Redis
// cost. The L2 hit is an MGET of two keys, because head and value must come together; the cold miss adds one write.
import { Redis } from 'ioredis';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, policyOf, type ReadSetting, readJob } from './read-job.ts';

export async function open(job: Job, setting: ReadSetting): Promise<Contestant> {
  const { redisUrl, prefix } = setting;
  if (redisUrl === undefined) throw new Error('bare ioredis needs a Redis: give redisUrl');
  const redis = new Redis(redisUrl, { enableAutoPipelining: setting.isPipelined === true });
  const head = `${prefix}:head`;
  await redis.set(head, '1 1 0 1 1 watch');
  const nameOf = (key: string): string => `${prefix}:${key}`;
  return readJob(job, setting, {
    async get(key) {
      const [, text] = await redis.mget(head, nameOf(key));
      if (typeof text === 'string') return JSON.parse(text) as unknown;
      const value = policyOf(key);
      void redis.set(nameOf(key), JSON.stringify(value), 'EX', 3_600);
      return value;
    },
    async getMany(keys) {
      const [, ...texts] = await redis.mget(head, ...keys.map(nameOf));
      return texts.map((text) => JSON.parse(text ?? 'null') as unknown);
    },
    close: () => redis.disconnect(),
  });
}
