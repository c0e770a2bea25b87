// Tidemark as the contestant: a cache of one region over the journalled table.
import { subscribe } from 'node:diagnostics_channel';
import { createCache } from '@tidemark/cache';
import { createEngine, postgresJournal, type RunningEngine } from '@tidemark/engine';
import type { Logger } from '@tidemark/protocol';
import type { Origin } from '../judge/reads.ts';
import { regionName, table, ttlMs } from '../keys.ts';
import type { InstanceSettings } from '../parts/messages.ts';
import { tell } from '../parts/parent.ts';
import { sharedMs } from '../shared-clock.ts';
import type { ContestantCache, ContestantParts, Item } from './contestant.ts';

export function tidemarkCache({ settings, clock, load, onOvertaken }: ContestantParts): ContestantCache {
  const { redisUrl, boundMs, engine } = settings;
  const cache = createCache({
    redis: redisUrl,
    clock,
    ...(engine === undefined ? {} : { engine: embeddedEngine(engine) }),
  });
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
    close: () => cache.close(),
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

function embeddedEngine({ databaseUrl, roundEveryMs }: Required<InstanceSettings>['engine']): RunningEngine {
  const journal = postgresJournal({ connectionString: databaseUrl });
  return createEngine({ journal, roundEvery: roundEveryMs, logger: tellingLogger('') });
}

/** Passes on what the engine says of its rounds, as a sidecar's log shows it. */
function tellingLogger(bound: string): Logger {
  const say = (fields: { readonly generation?: number; readonly namespace?: string }, msg: string): void => {
    const { generation, namespace = bound } = fields;
    tell({
      kind: 'engine',
      said: { namespace, msg, ...(generation === undefined ? {} : { generation }) },
    });
  };
  return {
    debug: () => undefined,
    info: say,
    warn: say,
    error: say,
    child: (bindings) => tellingLogger(bindings['namespace'] ?? bound),
  };
}
