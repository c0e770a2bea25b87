// lru-cache by itself, which Tidemark's L1 is made of: what a hit costs without a bound. As it comes it reads the clock
// once per millisecond; with `ttlResolution: 0` on every hit, as Tidemark does.
import { LRUCache } from 'lru-cache';
import type { Contestant } from '../contest/contestant.ts';
import { awaitInTurn, type HitSetting, keysOf, type Policy, policyOf, readInTurn } from './reading.ts';

const ttl = 300_000;

export function open(name: string, setting: HitSetting): Promise<Contestant> {
  const keys = keysOf(setting);
  const max = setting.keys * 2;
  const options = name === 'clock on every hit' ? { max, ttl, ttlResolution: 0 } : { max, ttl };
  const cache = new LRUCache<string, Policy>(options);
  for (const key of keys) cache.set(key, policyOf(key));
  if (name !== 'awaited') return Promise.resolve(readInTurn(keys, (key) => cache.get(key)));
  return Promise.resolve(awaitInTurn(keys, async (key) => cache.get(key)));
}
