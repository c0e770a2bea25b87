// What is known of the instances of this deployment: the last announcement of each, its lag over the last two minutes,
// and for a while those that vanished without a word. Fed with readings; knows neither Redis nor any clock.
import { type AnnouncedL1, type Announcement, announcementTtlMs, maxAnnounced } from '@tidemark/protocol';
import {
  type InstanceVerdict,
  judgeInstance,
  silenceLimitMs,
  tidemarkAgeOf,
  worstFirst,
} from './judge-instance.ts';
import type { InstancesRead } from './read-instances.ts';

export interface LagPoint {
  readonly agoMs: number;
  /** null: the instance knew of no proof. */
  readonly tidemarkAgeMs: number | null;
}

export interface KnownInstance extends InstanceVerdict {
  readonly announcement: Announcement;
  readonly silentMs: number;
  /** Oldest first. */
  readonly lags: readonly LagPoint[];
  /** Part of the reads of the last two minutes that needed no load; null: there was none. */
  readonly hitRate: number | null;
}

/** What a sparkline shows. */
const windowMs = 120_000;

/** Points of one instance: an announcement every second fills them. */
const maxPoints = 120;

/** Who vanished without taking its announcement back is shown for so long after Redis has forgotten it. */
const rememberMs = 60_000;

/** An announcement that ends by its TTL may be seen last so long before. */
const slackMs = 3_000;

interface Point {
  readonly atMs: number;
  readonly tidemarkAgeMs: number | null;
  readonly l1: AnnouncedL1;
}

interface Remembered {
  announcement: Announcement;
  /** When it announced itself, on the monotonic clock of this process. */
  heardMs: number;
  readonly points: Point[];
}

export class InstanceDirectory {
  readonly #known = new Map<string, Remembered>();
  #isHeard = false;
  /** Silence from before this moment may be our own. */
  #heardSinceMs = Number.NEGATIVE_INFINITY;

  /** What Redis says now. */
  notice({ instances }: InstancesRead, nowMs: number): void {
    // At the start the TTL tells by itself how long each is silent; after an outage all of them are.
    if (!this.#isHeard && this.#known.size > 0) this.#heardSinceMs = nowMs;
    this.#isHeard = true;
    const seen = new Set<string>();
    for (const { announcement, silentMs } of instances) {
      seen.add(announcement.instanceId);
      this.#remember(announcement, nowMs - silentMs, nowMs);
    }
    for (const [id, { heardMs }] of this.#known) {
      if (seen.has(id)) continue;
      const silentMs = nowMs - heardMs;
      const isWithdrawn = silentMs < announcementTtlMs - slackMs;
      if (isWithdrawn || silentMs > announcementTtlMs + rememberMs) this.#known.delete(id);
    }
  }

  /** Redis did not answer: nothing that was known counts. */
  lose(): void {
    this.#isHeard = false;
  }

  /** The worst first, then by name: nobody scrolls for red. */
  list(nowMs: number): KnownInstance[] {
    return [...this.#known.values()]
      .map((one) => this.#describe(one, nowMs))
      .sort((a, b) => order(a) - order(b) || a.announcement.name.localeCompare(b.announcement.name));
  }

  #remember(announcement: Announcement, heardMs: number, nowMs: number): void {
    const { instanceId, upMs, l1 } = announcement;
    let one = this.#known.get(instanceId);
    if (one === undefined) {
      if (this.#known.size >= 2 * maxAnnounced) return;
      one = { announcement, heardMs, points: [] };
      this.#known.set(instanceId, one);
    }
    const isNew = one.points.length === 0 || one.announcement.upMs !== upMs;
    const silentMs = nowMs - heardMs;
    one.announcement = announcement;
    one.heardMs = heardMs;
    const tidemarkAgeMs = tidemarkAgeOf(announcement);
    if (isNew) one.points.push({ atMs: heardMs, tidemarkAgeMs, l1 });
    // While nothing comes, its tidemark can only have grown older.
    else if (silentMs > silenceLimitMs(announcement) && tidemarkAgeMs !== null)
      one.points.push({ atMs: nowMs, tidemarkAgeMs: tidemarkAgeMs + silentMs, l1 });
    while (one.points.length > maxPoints || (one.points[0]?.atMs ?? nowMs) < nowMs - windowMs)
      one.points.shift();
  }

  #describe({ announcement, heardMs, points }: Remembered, nowMs: number): KnownInstance {
    const silentMs = nowMs - Math.max(heardMs, this.#heardSinceMs);
    return {
      ...judgeInstance({ announcement, silentMs }, this.#isHeard),
      announcement,
      silentMs,
      lags: points.map(({ atMs, tidemarkAgeMs }) => ({ agoMs: Math.max(0, nowMs - atMs), tidemarkAgeMs })),
      hitRate: hitRateOf(points),
    };
  }
}

function order({ freshness }: KnownInstance): number {
  return worstFirst.indexOf(freshness);
}

/** The counts of a process only grow: those of the window are what was added in it. */
function hitRateOf(points: readonly Point[]): number | null {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return null;
  const hits = last.l1.hits + last.l1.l2Hits - first.l1.hits - first.l1.l2Hits;
  const loads = last.l1.loads - first.l1.loads;
  return hits + loads <= 0 || hits < 0 || loads < 0 ? null : hits / (hits + loads);
}
