// How Redis is, seen from this sidecar.
import type { Observation } from '../observer/observer.ts';
import type { SidecarStatus } from '../sidecar.ts';
import type { MetricRegistry } from './metric-registry.ts';

export const redisDefinitions = {
  up: {
    type: 'gauge',
    name: 'tidemark_redis_up',
    help: '1 while the connection of the rounds to Redis stands.',
    labels: [],
  },
  errors: {
    type: 'counter',
    name: 'tidemark_redis_errors_total',
    help: 'Commands of the rounds that failed, and connections that were lost or refused.',
    labels: [],
  },
  evictedKeys: {
    type: 'counter',
    name: 'tidemark_redis_evicted_keys_total',
    help: 'Keys that Redis has evicted for want of memory since its start, by its own count. Absent where it does not tell.',
    labels: [],
  },
  memory: {
    type: 'gauge',
    name: 'tidemark_redis_memory_bytes',
    help: 'Memory that Redis uses, by its own count. Absent where it does not tell.',
    labels: [],
  },
  memoryLimit: {
    type: 'gauge',
    name: 'tidemark_redis_memory_limit_bytes',
    help: 'Limit from which on Redis evicts keys or refuses writes (maxmemory); 0: there is none. Absent where it does not tell.',
    labels: [],
  },
} as const;

export function showRedis(
  registry: MetricRegistry,
  { status, observation }: { status: () => SidecarStatus; observation: () => Observation },
): void {
  const up = registry.gauge(redisDefinitions.up);
  const errors = registry.counter(redisDefinitions.errors);
  const evictedKeys = registry.counter(redisDefinitions.evictedKeys);
  const memory = registry.gauge(redisDefinitions.memory);
  const memoryLimit = registry.gauge(redisDefinitions.memoryLimit);
  registry.beforeScrape(() => {
    const { engine } = status();
    up.set(engine.redis === 'connected' ? 1 : 0);
    errors.reset();
    errors.inc(engine.redisErrors);
    for (const metric of [evictedKeys, memory, memoryLimit]) metric.remove();
    const { redis } = observation();
    if (redis === null) return;
    evictedKeys.inc(redis.evictedKeys);
    memory.set(redis.usedMemory);
    memoryLimit.set(redis.maxMemory);
  });
}
