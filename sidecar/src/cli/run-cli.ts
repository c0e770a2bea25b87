// One call of `tidemark`: finds the command, gives it what it needs, turns what it throws into an exit code. Reads no
// process, so that a test can call it.
import { type Clock, TidemarkError } from '@tidemark/protocol';
import { parseArguments } from '../config/arguments.ts';
import { ConfigError } from '../config/config-error.ts';
import type { SettingReader } from '../config/setting-reader.ts';
import type { Environment } from '../config/setting-source.ts';
import { openSettings } from '../config/sources.ts';
import { createRedactor } from '../log/redact.ts';
import { UnreachableError, UsageError } from './cli-error.ts';
import { type Command, type ExitCode, exitCodes } from './command.ts';
import { commands, findCommand } from './commands.ts';
import { helpOf, overview } from './help.ts';

export interface CliHost {
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Environment;
  /** Takes whole lines; adds the end of the line. */
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export async function runCli(host: CliHost): Promise<ExitCode> {
  const isJson = host.args.includes('--json');
  try {
    return await dispatch(host, isJson);
  } catch (error) {
    return tellProblems(error, isJson, host.err);
  }
}

function tellProblems(error: unknown, isJson: boolean, err: CliHost['err']): ExitCode {
  const [code, problems] = outcomeOf(error);
  if (isJson) err(JSON.stringify({ problems }));
  else for (const problem of problems) err(`tidemark: ${problem}`);
  return code;
}

async function dispatch(host: CliHost, isJson: boolean): Promise<ExitCode> {
  const [name = 'help', ...rest] = host.args;
  if (name === 'help' || name === '--help') {
    const [topic] = rest;
    host.out(topic === undefined ? overview(commands) : helpOf(demand(topic)));
    return exitCodes.fine;
  }
  const command = demand(name);
  if (rest.includes('--help')) {
    host.out(helpOf(command));
    return exitCodes.fine;
  }
  const { positionals, settingFlags, ownFlags, problems } = parseArguments(rest, {
    program: `tidemark ${name}`,
    flags: { ...switches(command), json: { isSwitch: true } },
  });
  if (problems.length > 0) throw new UsageError(problems.join('\n'));
  const settings = openSettings({ flags: settingFlags, env: host.env });
  const { out, err } = withoutSecrets(host, settings);
  const { clock, signal } = host;
  try {
    return await command.run({ positionals, flags: ownFlags, settings, isJson, out, err, clock, signal });
  } catch (error) {
    // Here, because what a command fails with may come from a library, too.
    return tellProblems(error, isJson, err);
  }
}

function demand(name: string): Command {
  const command = findCommand(name);
  if (command !== undefined) return command;
  const names = commands.map((command) => command.name).join(', ');
  // Not shown when it is a flag: its value may be a secret.
  throw new UsageError(
    `the first argument must be a command, got ${name.startsWith('-') ? 'a flag' : `"${name}"`}: write one of ${names}, help`,
  );
}

function switches({ flags }: Command): Record<string, { isSwitch: boolean }> {
  return Object.fromEntries(
    Object.entries(flags).map(([flag, { value }]) => [flag, { isSwitch: value === undefined }]),
  );
}

/** What libraries say may repeat a secret. */
function withoutSecrets(host: CliHost, settings: SettingReader): Pick<CliHost, 'out' | 'err'> {
  const redact = createRedactor(settings.secrets);
  return { out: (line) => host.out(redact(line)), err: (line) => host.err(redact(line)) };
}

function outcomeOf(error: unknown): [ExitCode, readonly string[]] {
  if (error instanceof ConfigError) return [exitCodes.misused, error.problems];
  if (error instanceof UsageError) return [exitCodes.misused, error.message.split('\n')];
  if (error instanceof UnreachableError) return [exitCodes.unreachable, [error.message]];
  // The journal's refusals name what to do by themselves.
  if (error instanceof TidemarkError) return [exitCodes.unreachable, [error.message]];
  throw error;
}
