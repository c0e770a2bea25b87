// Tidemark as the contestant: a cache of one region over the journalled table.
import { subscribe } from 'node:diagnostics_channel';
import { createCache } from '@tidemark/cache';
import type { Origin } from '../judge/reads.ts';
import { regionName, table, ttlMs } from '../keys.ts';
import { sharedMs } from '../shared-clock.ts';
import type { ContestantCache, ContestantParts, Item } from './contestant.ts';

export function tidemarkCache({ settings, clock, load, onOvertaken }: ContestantParts): ContestantCache {
  const { redisUrl, boundMs } = settings;
  const cache = createCache({ redis: redisUrl, clock });
  const region = cache.region<Item>({
    name: regionName,
    table,
    ttl: ttlMs,
    maxStaleness: boundMs,
    loadTimeout: '3s',
    load,
  });
  const origins = new Map<string, Origin>();
  subscribe('tidemark:stored', (message) => {
    const { key, from } = message as { key: string; from: 'l2' | 'source' };
    origins.set(key, from === 'l2' ? 'L2' : 'source');
  });
  subscribe('tidemark:overtaken', (message) => {
    const { keys } = message as { keys: readonly string[] | null };
    onOvertaken(keys);
  });
  return {
    peek: (name) => region.peek(name),
    get: (name) => region.get(name),
    getMany: (names) => region.getMany(names),
    getFresh: (name) => region.get(name, { fresh: true }),
    write: (name, change) => region.write(name, change),
    originOf: (name) => origins.get(name) ?? 'source',
    status() {
      const { namespaces } = cache.status();
      const { tidemarkAgeMs = null, resets = 0 } = namespaces[0] ?? {};
      return {
        isReady: region.status().lease === 'live',
        provedMs: tidemarkAgeMs === null ? null : sharedMs() - tidemarkAgeMs,
        resets,
      };
    },
  };
}
