// The watch: which tables the journal follows, which L2 prefixes are fed from each, and whether the triggers are whole.
// A region gets a lease only while the watch holds its table, without a problem, and its prefix.
import { isObject, parseJson } from './json.ts';

export interface WatchedTable {
  readonly namespace: string;
  /** L2 prefixes of the regions that are fed from the table: what a round unlinks. */
  readonly prefixes: readonly string[];
  /** Why changes of the table may go unseen, and what to run; null when all is well. */
  readonly problem: string | null;
  /** The SQL expression that makes the key of a row; absent where no trigger computes one. */
  readonly key?: string;
  /** True for a table without triggers that is fed by Realtime alone. */
  readonly isBestEffort?: boolean;
  /** True for a table whose triggers send no hint: its changes are found by the timer, and no source of hints failed. */
  readonly isQuiet?: boolean;
}

export type Watch = ReadonlyMap<string, WatchedTable>;

/** The watch of a namespace as instances read it, with the period of the rounds they may count on. */
export interface WatchDocument {
  readonly hash: string;
  readonly roundEveryMs: number;
  readonly tables: Watch;
  /** All namespaces of the journal: a process that stands by in this one has to know the others, to stand by there, too. */
  readonly namespaces?: readonly string[];
}

/** More of them are not believed: each costs whoever stands by a look per period. */
const maxNamespaces = 64;

export function formatWatch(document: WatchDocument): string {
  const { tables, ...rest } = document;
  return JSON.stringify({ ...rest, tables: Object.fromEntries(tables) });
}

export function parseWatch(text: string): WatchDocument | undefined {
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  const tables = toWatch(value['tables']);
  const { hash, roundEveryMs, namespaces } = value;
  if (typeof hash !== 'string' || typeof roundEveryMs !== 'number' || tables === undefined) return undefined;
  return { hash, roundEveryMs, tables, ...toNamespaces(namespaces) };
}

function toNamespaces(value: unknown): Pick<WatchDocument, 'namespaces'> {
  if (!Array.isArray(value)) return {};
  return { namespaces: value.filter((name) => typeof name === 'string').slice(0, maxNamespaces) };
}

export function toWatch(value: unknown): Watch | undefined {
  if (!isObject(value)) return undefined;
  const watch = new Map<string, WatchedTable>();
  for (const [table, entry] of Object.entries(value)) {
    const watched = toWatchedTable(entry);
    if (watched === undefined) return undefined;
    watch.set(table, watched);
  }
  return watch;
}

function toWatchedTable(value: unknown): WatchedTable | undefined {
  if (!isObject(value)) return undefined;
  const { namespace, prefixes, problem, key, isBestEffort, isQuiet } = value;
  if (typeof namespace !== 'string' || !Array.isArray(prefixes)) return undefined;
  return {
    namespace,
    prefixes: prefixes.filter((prefix) => typeof prefix === 'string'),
    problem: typeof problem === 'string' ? problem : null,
    ...(typeof key === 'string' ? { key } : {}),
    ...(isBestEffort === true ? { isBestEffort } : {}),
    ...(isQuiet === true ? { isQuiet } : {}),
  };
}
