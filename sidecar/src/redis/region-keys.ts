// Which region an L2 key may belong to, by the prefixes of the watch. A region `a` with the key `['b', 'c']` and a region
// `a:b` with the key `c` share a Redis key, so that there may be several.
import type { Watch } from '@tidemark/protocol';

export interface RegionKey {
  readonly prefix: string;
  /** As records name it. */
  readonly encodedKey: string;
  readonly namespace: string;
  /** What invalidates it, with a sentence for each whose changes may go unseen. */
  readonly tables: readonly { readonly table: string; readonly problem: string | null }[];
}

/** The longest prefix first. */
export function regionKeysOf(redisKey: string, watch: Watch): RegionKey[] {
  const found = new Map<string, { namespace: string; tables: { table: string; problem: string | null }[] }>();
  for (const [table, { namespace, prefixes, problem }] of watch) {
    for (const prefix of prefixes) {
      if (!redisKey.startsWith(`${prefix}:`) || redisKey.length === prefix.length + 1) continue;
      const entry = found.get(prefix) ?? { namespace, tables: [] };
      entry.tables.push({ table, problem });
      found.set(prefix, entry);
    }
  }
  return [...found]
    .map(([prefix, entry]) => ({ prefix, encodedKey: redisKey.slice(prefix.length + 1), ...entry }))
    .sort((a, b) => b.prefix.length - a.prefix.length);
}

/** For the sentence about a key that none of them fits. */
export function prefixesOf(watch: Watch): string[] {
  return [...new Set([...watch.values()].flatMap(({ prefixes }) => prefixes))].sort();
}
