// tidemark status: is somebody running the rounds, and of which tables? Asks the sidecar over HTTP, and Redis for what all
// of them have left there; either alone is enough. Changes nothing.
import { type Clock, formatPosition, sleep } from '@tidemark/protocol';
import { UnreachableError, UsageError } from './cli-error.ts';
import { type Command, exitCodes } from './command.ts';
import { type NamespaceView, readNamespace, readNamespaces } from './namespaces.ts';
import { type CommandRedis, withRedis } from './redis-connection.ts';
import { askSidecar, type SidecarAnswer, sidecarUrl } from './sidecar-status.ts';

/** A standby takes over after six still periods: a head that stands for longer is nobody's. */
const stillPeriods = 7;

/** Where no watch tells the period. */
const assumedPeriodMs = 250;

const lookEveryMs = 25;

export interface NamespaceReport extends NamespaceView {
  readonly isMoving: boolean;
}

export interface StatusReport {
  readonly sidecar: SidecarAnswer;
  /** null: Redis is not configured here. */
  readonly namespaces: readonly NamespaceReport[] | null;
  /** One sentence each; empty when all is well. */
  readonly problems: readonly string[];
}

export const status: Command = {
  name: 'status',
  summary: 'say who runs the rounds, how far they are, and which tables are followed',
  usage: '[--url URL]',
  details: 'Asks a running sidecar, and Redis where it is configured. Exit code 1 when something is wrong.',
  flags: { url: { value: 'URL', meaning: 'of the sidecar; default: where the settings let it listen' } },
  async run(context) {
    const given = context.flags.get('url');
    if (context.positionals.length > 0 || (given !== undefined && !/^https?:\/\//.test(given))) {
      throw new UsageError('status must be given nothing but --url http://host:port');
    }
    const hasRedis = context.settings.has('REDIS_URL') || context.settings.has('REDIS_SENTINELS');
    const url = given ?? sidecarUrl(context.settings);
    const [sidecar, namespaces] = await Promise.all([
      askSidecar(url, context.clock),
      hasRedis ? withRedis(context, (connection) => observe(context.clock, connection)) : null,
    ]);
    if (sidecar.kind === 'silent' && namespaces === null) {
      throw new UnreachableError(
        `no sidecar answers at ${sidecar.url} (${sidecar.reason}), and REDIS_URL is not set: set it, or name the sidecar by --url`,
      );
    }
    const problems = problemsOf({ sidecar, namespaces, isUrlGiven: given !== undefined });
    const report = { sidecar, namespaces, problems };
    if (context.isJson) context.out(jsonOf(report));
    else for (const line of lines(report)) context.out(line);
    return problems.length === 0 ? exitCodes.fine : exitCodes.findings;
  },
};

/** Two looks at each head: the first that differs proves that somebody runs rounds. */
async function observe(clock: Clock, connection: CommandRedis): Promise<NamespaceReport[]> {
  const before = await readNamespaces(connection);
  return Promise.all(
    before.map(async (view) => {
      const giveUpMs = clock.monotonicMs() + stillPeriods * (view.watch?.roundEveryMs ?? assumedPeriodMs);
      let now = view;
      while (!hasMoved(view, now) && clock.monotonicMs() < giveUpMs) {
        await sleep(clock, lookEveryMs);
        now = await readNamespace(connection, view.namespace);
      }
      return { ...now, isMoving: hasMoved(view, now) };
    }),
  );
}

function hasMoved({ head: before }: NamespaceView, { head: now }: NamespaceView): boolean {
  if (now === null) return false;
  return (
    before === null || now.begun !== before.begun || now.position.generation !== before.position.generation
  );
}

export function problemsOf({
  sidecar,
  namespaces,
  isUrlGiven,
}: Omit<StatusReport, 'problems'> & { readonly isUrlGiven: boolean }): string[] {
  const problems: string[] = [];
  if (sidecar.kind === 'answered') problems.push(...sidecar.problems);
  // Somebody may ask from another machine, where the address of the settings means nothing.
  else if (isUrlGiven) problems.push(`no sidecar answers at ${sidecar.url} (${sidecar.reason})`);
  for (const { namespace, head, watch, isMoving } of namespaces ?? []) {
    if (head === null)
      problems.push(`the namespace ${namespace} has no head: no sidecar has published to this Redis`);
    else if (!isMoving)
      problems.push(`the head of the namespace ${namespace} stands still: nobody runs rounds`);
    for (const { problem } of watch?.tables.values() ?? []) if (problem !== null) problems.push(problem);
  }
  const isEmpty = namespaces?.every(({ watch }) => (watch?.tables.size ?? 0) === 0) === true;
  if (isEmpty) problems.push('no table is followed: track one with tidemark track');
  return problems;
}

export function lines({ sidecar, namespaces, problems }: StatusReport): string[] {
  return [
    ...(sidecar.kind === 'answered'
      ? sidecarLines(sidecar)
      : [`sidecar ${sidecar.url}: no answer (${sidecar.reason})`]),
    ...(namespaces ?? []).flatMap(namespaceLines),
    ...(problems.length === 0 ? ['all is well'] : problems.map((problem) => `problem: ${problem}`)),
  ];
}

function sidecarLines({ url, isReady, engine }: Extract<SidecarAnswer, { kind: 'answered' }>): string[] {
  return [
    `sidecar ${url}: ${isReady ? 'ready' : 'not ready'}`,
    ...engine.namespaces.map(({ namespace, loop }) => `  rounds of ${namespace}: ${loop.kind}`),
    ...engine.hints.map(
      ({ name, state, heard, silences }) =>
        `  hints from ${name}: ${state}, heard ${heard}, silences ${silences}`,
    ),
  ];
}

function namespaceLines({ namespace, head, watch, engines, instances, isMoving }: NamespaceReport): string[] {
  const at =
    head === null
      ? 'no head'
      : `head ${formatPosition(head.position)}, ${isMoving ? 'moving' : 'standing still'}, round ${head.done}`;
  return [
    `namespace ${namespace}: ${at}; listening: ${engines} with rounds, ${instances} for records`,
    ...[...(watch?.tables ?? [])].map(
      ([table, { prefixes, isBestEffort }]) =>
        `  ${table}  ${prefixes.join(', ')}${isBestEffort === true ? '  (best effort: no bound)' : ''}`,
    ),
  ];
}

function jsonOf({ sidecar, namespaces, problems }: StatusReport): string {
  const views = namespaces?.map(({ head, watch, ...view }) => ({
    ...view,
    head: head && { ...head, position: formatPosition(head.position), tableFloors: undefined },
    roundEveryMs: watch?.roundEveryMs ?? null,
    tables: Object.fromEntries(watch?.tables ?? []),
  }));
  return JSON.stringify({ sidecar, namespaces: views ?? null, problems });
}
