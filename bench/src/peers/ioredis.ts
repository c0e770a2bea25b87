// Bare ioredis, with the very commands that Tidemark sends for the same job and nothing around them: what the network,
// Redis and JSON cost. An L2 hit is an MGET of head and value, because the two must come together; a cold miss adds the
// fill. Nothing is proved: whatever is found is taken.
import { fill, formatHead, namespaceKeys, parseValue, valueKey, valueOwner } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, type ReadSetting, readJob, Source } from './read-job.ts';

export interface IoredisSetting extends ReadSetting {
  /** Default false: each command is a write of its own to the socket. */
  readonly isPipelined?: boolean;
}

const position = { generation: 1, sequence: 0 };
const ttlMs = 3_600_000;

export async function open(job: Job, setting: IoredisSetting): Promise<Contestant> {
  const source = new Source();
  const { redisUrl, prefix, isPipelined = false } = setting;
  if (redisUrl === undefined) throw new Error('bare ioredis needs a Redis: give redisUrl');
  const redis = new Redis(redisUrl, { enableAutoPipelining: isPipelined });
  const keys = namespaceKeys(prefix, 'main');
  const numbers = { floor: 0, begun: 1, done: 1, watchHash: 'watch', tableFloors: new Map<string, never>() };
  await redis.set(keys.head, formatHead({ position, ...numbers }));
  const parse = (key: string, text: string | null | undefined): unknown => {
    if (typeof text !== 'string') return undefined;
    const { payload = '[]' } = parseValue(valueOwner(prefix, key), text) ?? {};
    return (JSON.parse(payload) as unknown[])[0];
  };
  return readJob(job, setting, {
    source,
    async get(key) {
      const [, text] = await redis.mget(keys.head, valueKey(prefix, key));
      const found = parse(key, text);
      if (found !== undefined) return found;
      const value = source.load(key);
      void fill(redis, {
        keys,
        valueKey: valueKey(prefix, key),
        owner: valueOwner(prefix, key),
        encodedKey: key,
        tables: ['public.policies'],
        value: { notedAt: position, payload: `[${JSON.stringify(value)}]` },
        ttlMs,
      });
      return value;
    },
    async getMany(wanted) {
      const [, ...texts] = await redis.mget(keys.head, ...wanted.map((key) => valueKey(prefix, key)));
      return wanted.map((key, index) => parse(key, texts[index]));
    },
    close: () => redis.disconnect(),
  });
}
