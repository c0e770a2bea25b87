// tidemark status: who runs the rounds, of which tables, and who is fresh? Asks the sidecar over HTTP, and Redis for what all
// of them have left there; either alone is enough. Changes nothing.
import { type Clock, isSameProgress, sleep } from '@tidemark/protocol';
import { judgeInstance, tidemarkAgeOf } from '../instances/judge-instance.ts';
import { readInstances } from '../instances/read-instances.ts';
import { UnreachableError, UsageError } from './cli-error.ts';
import { type Command, exitCodes } from './command.ts';
import { type NamespaceView, readNamespace, readNamespaces } from './namespaces.ts';
import { type CommandRedis, withRedis } from './redis-connection.ts';
import { askSidecar, sidecarUrl } from './sidecar-status.ts';
import { type InstanceReport, jsonOf, lines, type NamespaceReport, problemsOf } from './status-report.ts';

/** A standby takes over after six still periods: a head that stands for longer is nobody's. */
const stillPeriods = 7;

/** Where no watch tells the period. */
const assumedPeriodMs = 250;

const lookEveryMs = 25;

export const status: Command = {
  name: 'status',
  summary: 'say who runs the rounds, which tables are followed, and who is fresh',
  usage: '[--url URL]',
  details: 'Asks a running sidecar, and Redis where it is configured. Exit code 1 when something is wrong.',
  flags: { url: { value: 'URL', meaning: 'of the sidecar; default: where the settings let it listen' } },
  async run(context) {
    const given = context.flags.get('url');
    if (context.positionals.length > 0 || (given !== undefined && !/^https?:\/\//.test(given))) {
      throw new UsageError('status must be given nothing but --url http://host:port');
    }
    const ways = ['REDIS_URL', 'REDIS_SENTINELS', 'REDIS_CLUSTER'] as const;
    const hasRedis = ways.some((variable) => context.settings.has(variable));
    const url = given ?? sidecarUrl(context.settings);
    context.settings.refuseProblems();
    const [sidecar, seen] = await Promise.all([
      askSidecar(url, context.clock),
      hasRedis ? withRedis(context, (connection) => look(context.clock, connection)) : null,
    ]);
    if (sidecar.kind === 'silent' && seen === null) {
      throw new UnreachableError(
        `no sidecar answers at ${sidecar.url} (${sidecar.reason}), and REDIS_URL is not set: set it, or name the sidecar by --url`,
      );
    }
    const found = { sidecar, namespaces: seen?.namespaces ?? null, instances: seen?.instances ?? null };
    const problems = problemsOf({ ...found, isUrlGiven: given !== undefined });
    const report = { ...found, problems };
    if (context.isJson) context.out(jsonOf(report));
    else for (const line of lines(report)) context.out(line);
    return problems.length === 0 ? exitCodes.fine : exitCodes.findings;
  },
};

interface Seen {
  readonly namespaces: readonly NamespaceReport[];
  readonly instances: readonly InstanceReport[];
}

async function look(clock: Clock, connection: CommandRedis): Promise<Seen> {
  const namespaces = await observe(clock, connection);
  const { instances } = await readInstances(connection);
  return {
    namespaces,
    instances: instances.map((seen) => {
      const { name, version } = seen.announcement;
      return { name, version, tidemarkAgeMs: tidemarkAgeOf(seen.announcement), ...judgeInstance(seen, true) };
    }),
  };
}

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
  return now !== null && (before === null || !isSameProgress(before, now));
}
