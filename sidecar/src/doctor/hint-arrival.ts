// Does a hint arrive after a change of the journal? A channel that joined may be silent for ever, so a canary is sent.
import { randomUUID } from 'node:crypto';
import { deadlineIn } from '@tidemark/protocol';
import { type Canary, canaryOf } from './canary.ts';
import { type Check, journalCheck } from './check.ts';
import { type Judgement, ok, skipped } from './finding.ts';
import type { Patient } from './patient.ts';
import { broadcastBinding, join, journalBinding, nameOf, type Binding } from './realtime-channel.ts';

export const hintArrival: Check = {
  name: 'hint-arrival',
  needs: (config) => ['data-api', ...journalCheck(config)],
  async run(patient) {
    const { hints } = patient.config;
    if (!hints.some((kind) => kind !== 'direct')) return [skipped('no hints come from Realtime')];
    const { watch } = await patient.read();
    const canary = canaryOf(watch ?? new Map(), randomUUID());
    if (canary === null) return [skipped('no table is tracked')];
    const bindings = [
      ...(hints.includes('broadcast') ? [broadcastBinding] : []),
      ...(hints.includes('changes') ? [journalBinding] : []),
    ];
    return judgeArrival(await send(patient, canary, bindings));
  },
};

/** Ten times what the slower kind takes on a busy day. */
const arrivalDeadlineMs = 5_000;

export interface Arrival {
  readonly name: string;
  /** null: not joined, which another check tells; else whether the canary was heard. */
  readonly wasHeard: boolean | null;
}

async function send(patient: Patient, canary: Canary, bindings: readonly Binding[]): Promise<Arrival[]> {
  const { clock, signal } = patient;
  const supabase = patient.newSupabase();
  const channels = bindings.map((binding) => {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const onMessage = (message: unknown): void => {
      if (JSON.stringify(message).includes(markOf(binding, canary))) resolve(true);
    };
    return {
      binding,
      heard: promise,
      resolve,
      joined: join(binding, { supabase, clock, signal, onMessage }),
    };
  });
  const outcomes = await Promise.all(channels.map(({ joined }) => joined));
  await patient.journal.invalidate(canary.table, [canary.key]);
  using deadline = deadlineIn(clock, arrivalDeadlineMs, signal);
  return await Promise.all(
    channels.map(async ({ binding, heard, resolve }, at) => {
      deadline.signal.addEventListener('abort', () => resolve(false));
      const isJoined = outcomes[at]?.kind === 'joined';
      return { name: nameOf(binding), wasHeard: isJoined ? await heard : null };
    }),
  );
}

/** A broadcast names the table alone; a change brings the journal's row. */
function markOf({ kind }: Binding, { table, key }: Canary): string {
  return kind === 'broadcast' ? JSON.stringify(table) : key;
}

export function judgeArrival(arrivals: readonly Arrival[]): Judgement[] {
  const findings = arrivals.flatMap(({ name, wasHeard }): Judgement[] => {
    if (wasHeard === true) return [];
    if (wasHeard === null) return [skipped(`${name}: not joined`)];
    return [
      {
        status: 'warn',
        sentence: `no hint arrived by ${name} within ${arrivalDeadlineMs / 1_000} s after a change, so that rounds wait for the timer: check Realtime in the dashboard of the project, and its quota`,
      },
    ];
  });
  return findings.length > 0
    ? findings
    : [ok(`a hint arrives by ${arrivals.map(({ name }) => name).join(', ')}`)];
}
