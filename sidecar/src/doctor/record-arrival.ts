// Does a change reach the instances: journal, round, publication, Redis? A canary goes the whole way.
import { randomUUID } from 'node:crypto';
import { deadlineIn, parseMessage, Subscriptions } from '@tidemark/protocol';
import { type Canary, canaryOf } from './canary.ts';
import { type Check, journalCheck } from './check.ts';
import { type Judgement, ok, skipped } from './finding.ts';
import type { Patient } from './patient.ts';

export const recordArrival: Check = {
  name: 'record-arrival',
  needs: (config) => ['rounds', ...journalCheck(config)],
  async run(patient) {
    const { watch } = await patient.read();
    const canary = canaryOf(watch ?? new Map(), randomUUID());
    return canary === null ? [skipped('no table is tracked')] : [await send(patient, canary)];
  },
};

/** Many periods, and a takeover. */
const arrivalDeadlineMs = 6_000;

async function send(patient: Patient, canary: Canary): Promise<Judgement> {
  const { clock, signal } = patient;
  const subscriber = await patient.newSubscriber(canary.namespace);
  const { promise: arrived, resolve } = Promise.withResolvers<boolean>();
  const { records, slot } = patient.keysOf(canary.namespace);
  const hear = (text: string): void => {
    const keys = parseMessage(text)?.changes.get(canary.table);
    if (keys === null || keys?.includes(canary.key) === true) resolve(true);
  };
  const subscriptions = new Subscriptions({ subscriber, clock });
  await subscriptions.listen(records, hear, { isSharded: slot !== undefined });
  using deadline = deadlineIn(clock, arrivalDeadlineMs, signal);
  deadline.signal.addEventListener('abort', () => resolve(false));
  const sentMs = clock.monotonicMs();
  await patient.journal.invalidate(canary.table, [canary.key]);
  const isThere = await arrived;
  subscriptions.close();
  return judgeRecord(isThere ? clock.monotonicMs() - sentMs : null);
}

/** @param delayMs from the call that wrote the change to the record; null: it did not arrive */
function judgeRecord(delayMs: number | null): Judgement {
  if (delayMs !== null) {
    return ok(`a change by hand reaches instances in ${Math.round(delayMs)} ms, the write included`);
  }
  return {
    status: 'fail',
    sentence: `no record of a change by hand arrived within ${arrivalDeadlineMs / 1_000} s, though rounds are run: check that the sidecar has the same SUPABASE_URL, and see its log`,
  };
}
