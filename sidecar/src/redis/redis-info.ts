// What INFO says of a Redis, as far as checks ask. INFO and not CONFIG: managed services refuse the latter.

export interface RedisInfo {
  readonly version: string;
  readonly role: string;
  readonly isCluster: boolean;
  readonly evictionPolicy: string;
  /** In bytes; 0: no limit. */
  readonly maxMemory: number;
  readonly usedMemory: number;
  /** Since the start of the server. */
  readonly evictedKeys: number;
  readonly hasAppendOnlyFile: boolean;
}

/** A field that a compatible server leaves out is empty, or 0. */
export function parseRedisInfo(text: string): RedisInfo {
  const fields = new Map(
    text.split(/\r?\n/).flatMap((line): [string, string][] => {
      const at = line.indexOf(':');
      return at < 1 ? [] : [[line.slice(0, at), line.slice(at + 1)]];
    }),
  );
  const field = (name: string): string => fields.get(name) ?? '';
  return {
    version: field('redis_version'),
    role: field('role'),
    isCluster: field('cluster_enabled') === '1',
    evictionPolicy: field('maxmemory_policy'),
    maxMemory: Number(field('maxmemory')),
    usedMemory: Number(field('used_memory')),
    evictedKeys: Number(field('evicted_keys')),
    hasAppendOnlyFile: field('aof_enabled') === '1',
  };
}
