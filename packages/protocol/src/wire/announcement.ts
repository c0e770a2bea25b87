// What an instance tells of itself in Redis every few seconds, for people and metrics: who is fresh. Nothing rests on it,
// no read and no round. It holds durations that the instance measured, never a time: nobody compares two clocks.
import { isObject, parseJson } from './json.ts';
import { formatPosition, parsePosition } from './position.ts';

export interface AnnouncedNamespace {
  readonly namespace: string;
  /** `generation-sequence`; null while the listener is lost. */
  readonly position: string | null;
  /** How long ago every committed change was known to the instance; null: unknown. */
  readonly tidemarkAgeMs: number | null;
  /** The shortest bound of its regions that name a table; null: there is none. */
  readonly boundMs: number | null;
}

/** Of all regions together. The counts go up from the start of the process. */
export interface AnnouncedL1 {
  readonly entries: number;
  readonly hits: number;
  readonly l2Hits: number;
  readonly loads: number;
}

export interface Announcement {
  readonly instanceId: string;
  readonly name: string;
  /** Of the library. */
  readonly version: string;
  readonly mode: string;
  readonly upMs: number;
  /** The next one is due after this. */
  readonly everyMs: number;
  readonly namespaces: readonly AnnouncedNamespace[];
  readonly l1: AnnouncedL1;
  /** Regions that name a table, and how many of them have their lease. */
  readonly leases: { readonly live: number; readonly regions: number };
  readonly redisErrors: number;
  /** One sentence each. */
  readonly problems: readonly string[];
}

/** Who is silent for so long is forgotten by Redis: a few pauses, and a restart of Redis, fit into it. */
export const announcementTtlMs = 30_000;

/** Instances of one deployment that are remembered; the ones that announced themselves last. */
export const maxAnnounced = 200;

/** Bytes that are read of one announcement; none that fits the limits below is as large. */
export const maxAnnouncementBytes = 32_768;

const maxNamespaces = 16;
const maxProblems = 8;
const maxNameLength = 80;
const maxProblemLength = 300;

export function isInstanceId(id: string): boolean {
  return /^[\w-]{1,64}$/.test(id);
}

/** Cut to what readers accept. */
export function formatAnnouncement(announcement: Announcement): string {
  return JSON.stringify({
    ...announcement,
    name: announcement.name.slice(0, maxNameLength),
    namespaces: announcement.namespaces
      .slice(0, maxNamespaces)
      .map((one) => ({ ...one, namespace: one.namespace.slice(0, maxNameLength) })),
    problems: announcement.problems
      .slice(0, maxProblems)
      .map((problem) => problem.slice(0, maxProblemLength)),
  });
}

/** @returns undefined for a text that is no announcement, or larger than one may be: strangers may write there, too */
export function parseAnnouncement(text: string): Announcement | undefined {
  if (text.length > maxAnnouncementBytes) return undefined;
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  const { instanceId, name, version, mode, upMs, everyMs, redisErrors } = value;
  const namespaces = listOf(value['namespaces'], maxNamespaces, toNamespace);
  const problems = listOf(value['problems'], maxProblems, (one) => shortText(one, maxProblemLength));
  const l1 = toL1(value['l1']);
  const leases = toLeases(value['leases']);
  if (typeof instanceId !== 'string' || !isInstanceId(instanceId)) return undefined;
  if (!isName(name) || !isName(version) || !isName(mode)) return undefined;
  if (!isDuration(upMs) || !isDuration(everyMs) || everyMs === 0 || !isCount(redisErrors)) return undefined;
  if (namespaces === undefined || problems === undefined || l1 === undefined || leases === undefined)
    return undefined;
  return { instanceId, name, version, mode, upMs, everyMs, namespaces, l1, leases, redisErrors, problems };
}

function toNamespace(value: unknown): AnnouncedNamespace | undefined {
  if (!isObject(value)) return undefined;
  const { namespace, position, tidemarkAgeMs, boundMs } = value;
  if (!isName(namespace)) return undefined;
  if (tidemarkAgeMs !== null && !isDuration(tidemarkAgeMs)) return undefined;
  if (boundMs !== null && !isDuration(boundMs)) return undefined;
  const parsed = typeof position === 'string' ? parsePosition(position) : null;
  if (parsed === undefined) return undefined;
  return { namespace, position: parsed && formatPosition(parsed), tidemarkAgeMs, boundMs };
}

function toL1(value: unknown): AnnouncedL1 | undefined {
  if (!isObject(value)) return undefined;
  const { entries, hits, l2Hits, loads } = value;
  if (!isCount(entries) || !isCount(hits) || !isCount(l2Hits) || !isCount(loads)) return undefined;
  return { entries, hits, l2Hits, loads };
}

function toLeases(value: unknown): Announcement['leases'] | undefined {
  if (!isObject(value)) return undefined;
  const { live, regions } = value;
  return isCount(live) && isCount(regions) ? { live, regions } : undefined;
}

/** One bad element spoils the list: it is not of this format. */
function listOf<T>(value: unknown, most: number, to: (element: unknown) => T | undefined): T[] | undefined {
  if (!Array.isArray(value) || value.length > most) return undefined;
  const list: T[] = [];
  for (const element of value as unknown[]) {
    const one = to(element);
    if (one === undefined) return undefined;
    list.push(one);
  }
  return list;
}

function shortText(value: unknown, most: number): string | undefined {
  return typeof value === 'string' && value.length <= most ? value : undefined;
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxNameLength;
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
