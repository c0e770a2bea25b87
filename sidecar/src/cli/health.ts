// tidemark health: does the sidecar of these settings answer here? The health check of the image, which has neither a shell
// nor curl; an orchestrator with HTTP probes of its own does not need it.
import { UnreachableError, UsageError } from './cli-error.ts';
import { type Command, exitCodes } from './command.ts';
import { askHealth, sidecarUrl } from './sidecar-status.ts';

export const health: Command = {
  name: 'health',
  summary: 'say whether the sidecar on this machine is alive',
  usage: '[--ready]',
  details:
    'Asks where the settings let it listen. Exit code 1 when it answers that it is not, 3 without an answer.',
  flags: { ready: { meaning: 'ask whether rounds are run, too' } },
  async run(context) {
    if (context.positionals.length > 0) throw new UsageError('health must be given flags only');
    const isReadyWanted = context.flags.has('ready');
    const url = sidecarUrl(context.settings);
    context.settings.refuseProblems();
    const answer = await askHealth(new URL(isReadyWanted ? '/readyz' : '/healthz', url), context.clock);
    if (answer.kind === 'silent')
      throw new UnreachableError(`no sidecar answers at ${url} (${answer.reason})`);
    const word = isReadyWanted ? 'ready' : 'alive';
    const isFine = answer.status === 200;
    const sentence = isFine ? word : `not ${word}: ${url} answers with ${answer.status}`;
    context.out(context.isJson ? JSON.stringify({ isFine, status: answer.status }) : sentence);
    return isFine ? exitCodes.fine : exitCodes.findings;
  },
};
