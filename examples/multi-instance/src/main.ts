// `npm run demo`: the only file that reads command line and environment, hears signals and sets the exit code. 0: the
// live demo was ended, or the checked run was good; 1: it was not; 2: the command line was wrong; 130: ended by Ctrl-C
// before there was an outcome.
import { announceStack } from '@tidemark/devstack';
import { type Command, helpText, parseCommandLine } from './command-line.ts';
import { boundMs } from './demo/demo.ts';
import { runLive } from './live/live.ts';
import { runOnce } from './once/once.ts';
import { resultOf } from './once/outcome.ts';
import { summaryOf } from './once/summary.ts';

process.exitCode = await main(parseCommandLine(process.argv.slice(2)));

async function main(command: Command): Promise<number> {
  if (command.kind === 'once') return checkOnce(command);
  if (command.kind === 'live') return showLive(command);
  if (command.kind === 'help') process.stdout.write(helpText);
  else process.stderr.write(`${command.sentence}\n`);
  return command.kind === 'help' ? 0 : 2;
}

async function showLive({ hints }: Extract<Command, { kind: 'live' }>): Promise<number> {
  const { TIDEMARK_STACK_FILE: file } = process.env;
  await runLive({
    hints,
    out: process.stdout,
    ended: untilInterrupted(),
    announce: (stack) => announceStack(stack, file ? { file } : {}),
  });
  return 0;
}

async function checkOnce({ hints, isJson }: Extract<Command, { kind: 'once' }>): Promise<number> {
  const out = isJson ? process.stderr : process.stdout;
  const outcome = await runOnce({
    hints,
    random: Math.random,
    interrupted: untilInterrupted(),
    onStep: (step) => void out.write(`${step}\n`),
  });
  if (outcome === undefined) return 130;
  out.write(`${summaryOf(outcome, boundMs)}\n`);
  if (isJson) process.stdout.write(`${JSON.stringify(resultOf(outcome))}\n`);
  return outcome.problems.length === 0 ? 0 : 1;
}

/** Ctrl-C may come twice, from the terminal and passed on by the process that started us: once is enough. */
function untilInterrupted(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve());
  return promise;
}
