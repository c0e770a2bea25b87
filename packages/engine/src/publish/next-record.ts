// What a round publishes, as pure functions: the record, the L2 values it overtakes, the head after it.
import {
  type ChangedKeys,
  type Changes,
  type Head,
  type LogRecord,
  maxKeysPerRecord,
  type TableChange,
  valueKey,
  type Watch,
} from '@tidemark/protocol';

/** The changes of one namespace, at most {@link maxKeysPerRecord} keys: beyond, the largest tables go as a whole. */
export function changesOf(namespace: string, watch: Watch, read: readonly TableChange[]): Changes {
  const merged = new Map<string, ReadonlySet<string> | null>();
  for (const { table, keys } of read) {
    if (watch.get(table)?.namespace !== namespace) continue;
    const before = merged.get(table);
    const isWhole = keys === null || before === null;
    merged.set(table, isWhole ? null : new Set([...(before ?? []), ...keys]));
  }
  let total = 0;
  for (const keys of merged.values()) total += keys?.size ?? 0;
  const bySize = [...merged].sort(([, a], [, b]) => (b?.size ?? 0) - (a?.size ?? 0));
  for (const [table, keys] of bySize) {
    if (total <= maxKeysPerRecord || keys === null) break;
    merged.set(table, null);
    total -= keys.size;
  }
  return new Map([...merged].map(([table, keys]): [string, ChangedKeys] => [table, keys && [...keys]]));
}

/** L2 values that the changes overtake, by the keys that everybody but Redis Cluster gives them. Whole tables have none: their floor rises instead. */
export function overtakenValues(changes: Changes, watch: Watch): string[] {
  const values: string[] = [];
  for (const [table, keys] of changes) {
    for (const prefix of watch.get(table)?.prefixes ?? []) {
      for (const key of keys ?? []) values.push(valueKey(prefix, key));
    }
  }
  return values;
}

/** The record of these changes (null when there are none), and the head after it. */
interface Next {
  readonly record: LogRecord | null;
  readonly head: Head;
}

/** @returns what ends the round that the head says has begun: with it, all of before is proved to be in the log */
export function finishRound(begun: Head, changes: Changes): Next {
  const { record, head } = addRecord(begun, changes);
  return { record, head: { ...head, done: begun.begun } };
}

/** @returns what only tells of changes: no round is done by it, and nothing proved */
export function addRecord(before: Head, changes: Changes): Next {
  if (changes.size === 0) return { record: null, head: before };
  const position = { ...before.position, sequence: before.position.sequence + 1 };
  const tableFloors = new Map(before.tableFloors);
  for (const [table, keys] of changes) if (keys === null) tableFloors.set(table, position);
  return {
    record: { position, previous: before.position, changes },
    head: { ...before, position, tableFloors },
  };
}
