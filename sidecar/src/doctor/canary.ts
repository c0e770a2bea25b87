// A change that harms nobody: of a tracked table, with a key that no row has. Where it arrives, real ones do.
import type { Watch } from '@tidemark/protocol';

export interface Canary {
  readonly table: string;
  readonly namespace: string;
  readonly key: string;
}

/** A table whose triggers send hints, if there is one. Null when none is tracked. */
export function canaryOf(watch: Watch, id: string): Canary | null {
  const tracked = [...watch].filter(([, { isBestEffort }]) => isBestEffort !== true);
  const [table, entry] = tracked.find(([, { isQuiet }]) => isQuiet !== true) ?? tracked[0] ?? [];
  if (table === undefined || entry === undefined) return null;
  return { table, namespace: entry.namespace, key: `tidemark-doctor-${id}` };
}
