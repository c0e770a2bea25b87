// What is wrong with a real Realtime server, as switches that work while it runs. Owns the switches and their recorded
// values; the files that obey them cite the recording. Nothing here ever tells a client: that is the point of each.

export interface RealtimeVices {
  /** Joined, heartbeats answered, `system ok` sent, and no postgres_changes event comes. */
  areChangesSilent: boolean;
  /** The same for broadcasts, from the database and from clients. */
  areBroadcastsSilent: boolean;
  /** `SUBSCRIBED` at once, `system ok` this much later. 0; recorded on a cold server: 1,100 to 2,400 (11-*). */
  systemOkDelayMs: number;
  /** With the delay: what commits before `system ok` is lost (11-*-cold). Else it is only late. */
  isGapLossy: boolean;
  /** After a bulk every event is dropped until the average over the window is below the limit again (07-*). */
  rateLimit: RateLimitVice;
  /** A transaction of more rows kills the change feed, and what commits until it is back is lost (14-*). */
  bulkOutage: BulkOutageVice;
  /** PostgreSQL away for longer: every present subscription is dead for good (06-postgres-outage110). */
  giveUpAfterMs: number;
}

export interface RateLimitVice {
  readonly isOn: boolean;
  readonly eventsPerSecond: number;
  readonly windowMs: number;
}

export interface BulkOutageVice {
  readonly isOn: boolean;
  readonly maxRows: number;
  readonly outageMs: number;
}

/** As recorded. A real server gave up somewhere between 30 and 110 s, and choked between 10,000 and 100,000 rows. */
export function recordedVices(): RealtimeVices {
  return {
    areChangesSilent: false,
    areBroadcastsSilent: false,
    systemOkDelayMs: 0,
    isGapLossy: false,
    rateLimit: { isOn: true, eventsPerSecond: 100, windowMs: 60_000 },
    bulkOutage: { isOn: true, maxRows: 50_000, outageMs: 15_000 },
    giveUpAfterMs: 90_000,
  };
}
