// PostgreSQL itself as the bell: the journal's rows as they are decoded from its log, over a connection of the sidecar's
// own. No writer waits for it; a NOTIFY would take one lock for all commits (docs/benchmarks.md compares them). It needs a
// direct connection and a role with REPLICATION.
import { type Clock, type Logger, systemClock } from '@tidemark/protocol';
import type { HintHost, HintSource } from './hint-source.ts';
import { JournalStream } from './journal-stream.ts';
import { WatchedLine } from './watched-line.ts';

export interface DirectHintsOptions {
  /** Of the database itself, not of a pooler, as a role with REPLICATION. */
  readonly connectionString: string;
  readonly logger: Logger;
  readonly clock?: Clock;
}

/** As for broadcasts, which come from the same log: well above the slowest ordinary delivery. */
const graceMs = 1_000;

/**
 * A hint source that streams which tables change from PostgreSQL's log. It uses one connection, one WAL sender and one
 * temporary replication slot, which is gone with the connection.
 */
export function directHints({
  connectionString,
  logger,
  clock = systemClock,
}: DirectHintsOptions): HintSource {
  let host: HintHost | undefined;
  const line = new WatchedLine({
    name: 'direct',
    graceMs,
    clock,
    logger,
    // The log is read before other sessions see the commit.
    ring: (table) => host?.ring({ mayBeEarly: true, ...(table !== undefined && { table }) }),
    onSettled: (settled) => host?.settle?.('direct', settled),
    open: (_attempt, { listening, heard, failed }) =>
      new JournalStream({ connectionString, clock, onListening: listening, onChange: heard, onEnd: failed }),
  });
  return {
    start(to) {
      host = to;
      line.start();
    },
    // The publication follows the journal, whatever is watched.
    follow: () => {},
    expect: ({ sinceMs, changes }) => line.expect(sinceMs, changes),
    status: () => [line.status()],
    close: () => line.close(),
  };
}
