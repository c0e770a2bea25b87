// Does Realtime accept every binding that the sidecar asks it for? Each has a channel of its own, as there: one bad binding
// disables its whole channel.
import type { Watch } from '@tidemark/protocol';
import { type Check, journalCheck } from './check.ts';
import type { DoctorConfig } from './doctor-config.ts';
import { type Judgement, ok, skipped } from './finding.ts';
import {
  type Binding,
  broadcastBinding,
  join,
  type JoinOutcome,
  journalBinding,
  nameOf,
} from './realtime-channel.ts';

export const bindings: Check = {
  name: 'realtime-bindings',
  needs: (config) => ['data-api', ...journalCheck(config)],
  async run(patient) {
    const { clock, signal, config } = patient;
    const { watch } = await patient.read();
    const wanted = bindingsOf(config, watch ?? new Map());
    if (wanted.length === 0) return [skipped('neither hints nor tables come from Realtime')];
    const supabase = patient.newSupabase();
    return judgeBindings(
      await Promise.all(
        wanted.map(async (binding) => ({
          name: nameOf(binding),
          isOnlySource: isBestEffort(config, binding),
          outcome: await join(binding, { supabase, clock, signal }),
        })),
      ),
    );
  },
};

function bindingsOf({ hints, bestEffortTables }: DoctorConfig, watch: Watch): Binding[] {
  const tables = new Set([
    ...(hints.includes('changes') ? watch.keys() : []),
    ...bestEffortTables.map(({ table }) => table),
  ]);
  return [
    ...(hints.includes('broadcast') ? [broadcastBinding] : []),
    ...(hints.includes('changes') ? [journalBinding] : []),
    ...[...tables].map((table): Binding => ({ kind: 'changes', table, event: '*' })),
  ];
}

function isBestEffort({ bestEffortTables }: DoctorConfig, binding: Binding): boolean {
  return binding.kind === 'changes' && bestEffortTables.some(({ table }) => table === binding.table);
}

export interface JoinedBinding {
  readonly name: string;
  /** Nothing else tells of these changes. */
  readonly isOnlySource: boolean;
  readonly outcome: JoinOutcome;
}

export function judgeBindings(joined: readonly JoinedBinding[]): Judgement[] {
  const findings = joined.flatMap(({ name, isOnlySource, outcome }): Judgement[] => {
    if (outcome.kind === 'joined') return [];
    const status = isOnlySource ? 'fail' : 'warn';
    const effect = isOnlySource
      ? 'its changes are not seen'
      : 'it starts no round, and only other hints and the timer do';
    if (outcome.kind === 'unanswered') {
      return [
        {
          status,
          sentence: `Realtime does not answer to ${name}, so that ${effect}: check that Realtime is enabled for the project`,
        },
      ];
    }
    return [
      {
        status,
        sentence: `Realtime refuses ${name} (${outcome.reason}), so that ${effect}: mend what the publication and the grants lack, above`,
      },
    ];
  });
  return findings.length > 0
    ? findings
    : [ok(`Realtime accepts ${joined.map(({ name }) => name).join(', ')}`)];
}
