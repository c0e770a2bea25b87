// How an instance is, and why, in one sentence: decided from what it announced and how long it has been silent. Pure.
//
//   silent ──► frozen      no lease, young ──► starting
//   all leases live ──► fresh      else ──► behind
import { type Announcement, announcementTtlMs } from '@tidemark/protocol';
import { durationText } from '../text/duration-text.ts';
import type { SeenInstance } from './read-instances.ts';

export type Freshness = 'fresh' | 'starting' | 'behind' | 'frozen' | 'unknown';

/** Nobody scrolls for red. */
export const worstFirst: readonly Freshness[] = ['frozen', 'behind', 'unknown', 'starting', 'fresh'];

export interface InstanceVerdict {
  readonly freshness: Freshness;
  /** Why it is not fresh, or what is to be known though it is; null: nothing is. */
  readonly sentence: string | null;
}

/** Announcements that may be missing: a pause of a process, or of Redis, is no reason for red. */
const missingPeriods = 3;

/** A listener needs two head reads and a round before it has a tidemark. */
const startingMs = 5_000;

/** @param isHeard false while Redis does not answer whoever asks: then nothing is known of anybody */
export function judgeInstance({ announcement, silentMs }: SeenInstance, isHeard: boolean): InstanceVerdict {
  if (!isHeard) {
    return {
      freshness: 'unknown',
      sentence: 'Redis does not answer this sidecar, so that nothing is heard of the instance.',
    };
  }
  if (silentMs > silenceLimitMs(announcement)) {
    return {
      freshness: 'frozen',
      sentence:
        `Nothing was heard of it for ${durationText(silentMs)}: its process is stopped, was killed, or has lost Redis; ` +
        `if it wakes up, it serves nothing that is older than ${boundText(announcement)} before rounds have proved it again.`,
    };
  }
  const { leases, upMs, problems } = announcement;
  if (leases.regions === 0) {
    return {
      freshness: 'fresh',
      sentence: 'No region names a table: entries live for their bound, from their own load.',
    };
  }
  const gap = gapOf(announcement);
  if (gap === null)
    return { freshness: 'fresh', sentence: problems[0] === undefined ? null : toSentence(problems[0]) };
  if (upMs < startingMs)
    return {
      freshness: 'starting',
      sentence: `Up for ${durationText(upMs)}, and waiting for its first proof.`,
    };
  return { freshness: 'behind', sentence: gap };
}

/** The worst of its namespaces. null: it has none, or does not know how fresh one of them is. */
export function tidemarkAgeOf({ namespaces }: Announcement): number | null {
  const ages = namespaces.filter(({ boundMs }) => boundMs !== null).map((one) => one.tidemarkAgeMs);
  return ages.length === 0 || ages.includes(null) ? null : Math.max(...ages.map(Number));
}

/** The tightest of its namespaces; null: no region names a table. */
export function boundOf({ namespaces }: Announcement): number | null {
  const bounds = namespaces.map(({ boundMs }) => boundMs).filter((bound) => bound !== null);
  return bounds.length === 0 ? null : Math.min(...bounds);
}

export function silenceLimitMs({ everyMs }: Announcement): number {
  return Math.min(missingPeriods * everyMs, announcementTtlMs - everyMs);
}

function gapOf({ namespaces, leases, problems }: Announcement): string | null {
  const lacking = leases.regions - leases.live;
  const late = namespaces.find(
    ({ boundMs, tidemarkAgeMs }) => boundMs !== null && (tidemarkAgeMs === null || tidemarkAgeMs > boundMs),
  );
  if (lacking === 0 && late === undefined) return null;
  if (problems[0] !== undefined) return toSentence(problems[0]);
  const entries = 'its entries live for their bound only, and more reads go to the source.';
  if (late === undefined) return `${lacking} of ${leases.regions} regions have no lease: ${entries}`;
  const { namespace, tidemarkAgeMs, boundMs } = late;
  if (tidemarkAgeMs === null || boundMs === null)
    return `No round of the namespace ${namespace} has been proved to it yet: ${entries}`;
  return `Its tidemark of the namespace ${namespace} is ${durationText(tidemarkAgeMs)} old, beyond the bound of ${durationText(boundMs)}: ${entries}`;
}

function boundText(announcement: Announcement): string {
  const boundMs = boundOf(announcement);
  return boundMs === null ? 'its bound' : `its bound of ${durationText(boundMs)}`;
}

function toSentence(problem: string): string {
  const whole = `${problem[0]?.toUpperCase() ?? ''}${problem.slice(1)}`;
  return whole.endsWith('.') ? whole : `${whole}.`;
}
