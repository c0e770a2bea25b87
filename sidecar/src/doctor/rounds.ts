// Does a sidecar, or an embedded engine, run rounds in each namespace: does the head move, and under the watch that
// PostgreSQL has? A head that moves under another watch is that of a sidecar on another database.
import { bestEffortNamespace } from '@tidemark/engine';
import { type Head, isSameProgress, parseHead, sleep, type Watch } from '@tidemark/protocol';
import { type Check, journalCheck } from './check.ts';
import type { DoctorConfig } from './doctor-config.ts';
import { type Judgement, ok } from './finding.ts';
import type { Patient } from './patient.ts';

export const rounds: Check = {
  name: 'rounds',
  needs: (config) => ['redis', ...journalCheck(config)],
  async run(patient) {
    const { watch, cursor } = await patient.read();
    const namespaces = namespacesOf(watch ?? new Map(), patient.config);
    const observed = await Promise.all(
      namespaces.map((namespace) => observe(patient, { namespace, watchHash: cursor.watchHash })),
    );
    return judgeRounds(observed);
  },
};

/** Twice the six periods after which another sidecar takes over, at the longest period that any bound allows. */
const patienceMs = 6_000;
const lookEveryMs = 50;

function namespacesOf(watch: Watch, { bestEffortTables }: DoctorConfig): string[] {
  const tracked = [...watch.values()].map(({ namespace }) => namespace);
  return [...new Set([...tracked, ...(bestEffortTables.length > 0 ? [bestEffortNamespace] : [])])];
}

interface Wanted {
  readonly namespace: string;
  readonly watchHash: string;
}

export interface ObservedHead {
  readonly namespace: string;
  readonly isThere: boolean;
  /** What is there in its place; null: nothing. */
  readonly stranger: { readonly key: string; readonly type: string } | null;
  readonly hasMoved: boolean;
  /** Under the watch that the journal has; true for best effort, which has one of its own. */
  readonly isOfThisWatch: boolean;
}

/** Until it has moved under the right watch, or patience ends: a change of the watch takes a round to arrive. */
async function observe(patient: Patient, { namespace, watchHash }: Wanted): Promise<ObservedHead> {
  const { clock, signal } = patient;
  const redis = await patient.redis(namespace);
  const { head: key } = patient.keysOf(namespace);
  const endMs = clock.monotonicMs() + patienceMs;
  let first: Head | undefined;
  for (;;) {
    // MGET: a key of another type is no head, as it is none for sidecars and instances.
    const [text] = await redis.mget(key);
    const head = parseHead(text ?? '');
    first ??= head;
    const hasMoved = head !== undefined && first !== undefined && !isSameProgress(first, head);
    const isOfThisWatch = namespace === bestEffortNamespace || head?.watchHash === watchHash;
    if ((hasMoved && isOfThisWatch) || clock.monotonicMs() > endMs || signal.aborted) {
      const isThere = head !== undefined;
      const type = isThere ? 'none' : await redis.type(key);
      return {
        namespace,
        isThere,
        stranger: type === 'none' ? null : { key, type },
        hasMoved,
        isOfThisWatch,
      };
    }
    await sleep(clock, lookEveryMs, signal);
  }
}

export function judgeRounds(observed: readonly ObservedHead[]): Judgement[] {
  const findings = observed.flatMap(
    ({ namespace, isThere, stranger, hasMoved, isOfThisWatch }): Judgement[] => {
      if (stranger !== null) {
        return [
          {
            status: 'fail',
            sentence: `the key ${stranger.key} must be the head of the namespace ${namespace}, got a ${stranger.type} that no sidecar wrote: give whatever writes it another key prefix, and start a sidecar, which replaces it`,
            command: 'docker compose up -d sidecar',
          },
        ];
      }
      if (!isThere) {
        return [
          {
            status: 'fail',
            sentence: `no round has been run in the namespace ${namespace}: start a sidecar with the same Redis and key prefix`,
            command: 'docker compose up -d sidecar',
          },
        ];
      }
      if (!hasMoved) {
        return [
          {
            status: 'fail',
            sentence: `the head of the namespace ${namespace} stands still, so that instances cache for their bound only: see the log and /readyz of the sidecar`,
            command: 'docker compose logs sidecar',
          },
        ];
      }
      if (isOfThisWatch) return [];
      return [
        {
          status: 'fail',
          sentence: `the rounds of the namespace ${namespace} follow another watch than this database has: give sidecar and doctor the same SUPABASE_URL, or another key prefix to one of them`,
        },
      ];
    },
  );
  const names = observed.map(({ namespace }) => namespace).join(', ');
  return findings.length > 0
    ? findings
    : [ok(`rounds are run in ${names}, under the watch of this database`)];
}
