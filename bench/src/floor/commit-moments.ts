// When PostgreSQL wrote a commit, as a stamp of the clock that all processes of the machine share. What the writer knows
// comes later, by as much as it takes to wake it: on two cores often after everybody else. The server needs
// `track_commit_timestamp`.
import { systemClock } from '@tidemark/protocol';
import type { Client } from 'pg';
import { stampMs } from '../freshness/stamp.ts';

/** What a stack must be started with. */
export const commitSettings = { track_commit_timestamp: 'on' } as const;

/** @returns the moment of each commit, in the order of the transactions */
export async function commitMoments(client: Client, xids: readonly string[]): Promise<number[]> {
  const { rows } = await client.query<{ ms: string }>(
    `select extract(epoch from pg_xact_commit_timestamp(xid::xid8::xid)) * 1000 as ms
      from unnest($1::text[]) with ordinality as given (xid, place) order by place`,
    [xids],
  );
  const offsetMs = wallAheadMs();
  return rows.map(({ ms }) => Number(ms) - offsetMs);
}

const attempts = 5;

/** How far the wall clock, which tells milliseconds alone, is ahead of the stamps: seen where it ticks. */
function wallAheadMs(): number {
  let aheadMs = Number.NEGATIVE_INFINITY;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const before = systemClock.wallMs();
    let now = before;
    while (now === before) now = systemClock.wallMs();
    // Who is interrupted here sees the tick too late.
    aheadMs = Math.max(aheadMs, now - stampMs());
  }
  return aheadMs;
}
