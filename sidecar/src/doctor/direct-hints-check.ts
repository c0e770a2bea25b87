// Can hints be streamed from PostgreSQL's own log? Opens the stream as a sidecar would; a role, a setting or a pooler that
// forbids it shows at once. That the publication is gone shows at the first change, so a canary is sent.
import { randomUUID } from 'node:crypto';
import { directHints, type HintStatus } from '@tidemark/engine';
import { deadlineIn, silentLogger, sleep } from '@tidemark/protocol';
import { type Canary, canaryOf } from './canary.ts';
import type { Check } from './check.ts';
import { type Judgement, ok } from './finding.ts';
import type { Patient } from './patient.ts';

/** The stream begins when every transaction that is open has ended. */
const openDeadlineMs = 5_000;

interface StreamOutcome extends Pick<HintStatus, 'state' | 'reason'> {
  /** Absent: no canary could be sent. */
  readonly wasHeard?: boolean;
}

export const directHintsCheck: Check = {
  name: 'direct-hints',
  needs: ({ hints }) => (hints.includes('direct') ? ['database'] : []),
  async run(patient) {
    const { hints, databaseUrl } = patient.config;
    if (!hints.includes('direct') || databaseUrl === undefined) return [];
    const { watch } = await patient.read();
    const canary = canaryOf(watch ?? new Map(), randomUUID());
    return [judgeStream(await tryStream(patient, databaseUrl, canary))];
  },
};

async function tryStream(
  { clock, signal, directJournal }: Patient,
  connectionString: string,
  canary: Canary | null,
): Promise<StreamOutcome | undefined> {
  const source = directHints({ connectionString, logger: silentLogger, clock });
  const now = (): HintStatus | undefined => source.status()[0];
  const waitWhile = async (isPending: () => boolean): Promise<void> => {
    using deadline = deadlineIn(clock, openDeadlineMs, signal);
    while (isPending() && !deadline.signal.aborted) await sleep(clock, 10, deadline.signal);
  };
  source.start({ ring: () => {}, watchPrefix: () => {} });
  try {
    await waitWhile(() => now()?.state === 'joining');
    if (canary === null || now()?.state !== 'listening') return now();
    await directJournal.invalidate(canary.table, [canary.key]);
    await waitWhile(() => now()?.state === 'listening' && now()?.heard === 0);
    const status = now();
    return status && { ...status, wasHeard: status.heard > 0 };
  } finally {
    await source.close();
  }
}

export function judgeStream(status: StreamOutcome | undefined): Judgement {
  if (status?.state === 'listening' && status.wasHeard !== false) {
    return ok('PostgreSQL streams its hints over DATABASE_URL');
  }
  if (status?.state === 'listening') {
    return {
      status: 'warn',
      sentence: `no hint arrived over DATABASE_URL within ${openDeadlineMs / 1_000} s after a change, so that rounds wait for others or the timer: the publication tidemark must hold tidemark.change; drop it, and apply supabase/migrations again`,
    };
  }
  const reason =
    status?.reason ?? 'no answer: a transaction may be open for long, or a pooler stands between';
  return {
    status: 'warn',
    sentence: `PostgreSQL does not stream hints over DATABASE_URL, so that rounds wait for others or the timer (${reason}): mend that; DATABASE_URL must lead to the database itself, with a role that has REPLICATION`,
  };
}
