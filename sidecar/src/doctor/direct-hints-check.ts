// Can hints be streamed from PostgreSQL's own log? Opens the stream as a sidecar would; a role, a setting or a pooler that
// forbids it shows at once.
import { directHints, type HintStatus } from '@tidemark/engine';
import { type Clock, deadlineIn, silentLogger, sleep } from '@tidemark/protocol';
import type { Check } from './check.ts';
import { type Judgement, ok } from './finding.ts';

/** The stream begins when every transaction that is open has ended. */
const openDeadlineMs = 5_000;

export const directHintsCheck: Check = {
  name: 'direct-hints',
  needs: ({ hints }) => (hints.includes('direct') ? ['database'] : []),
  async run({ config, clock, signal }) {
    const { hints, databaseUrl } = config;
    if (!hints.includes('direct') || databaseUrl === undefined) return [];
    using deadline = deadlineIn(clock, openDeadlineMs, signal);
    return [judgeStream(await openStream(databaseUrl, clock, deadline.signal))];
  },
};

async function openStream(
  connectionString: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<HintStatus | undefined> {
  const source = directHints({ connectionString, logger: silentLogger, clock });
  source.start({ ring: () => {}, watchPrefix: () => {} });
  try {
    while (source.status()[0]?.state === 'joining' && !signal.aborted) await sleep(clock, 10, signal);
    return source.status()[0];
  } finally {
    await source.close();
  }
}

export function judgeStream(status: Pick<HintStatus, 'state' | 'reason'> | undefined): Judgement {
  if (status?.state === 'listening') return ok('PostgreSQL streams its hints over DATABASE_URL');
  const reason =
    status?.reason ?? 'no answer: a transaction may be open for long, or a pooler stands between';
  return {
    status: 'warn',
    sentence: `PostgreSQL does not stream hints over DATABASE_URL, so that rounds wait for others or the timer (${reason}): set the URL of the database itself, with a role that has REPLICATION`,
  };
}
