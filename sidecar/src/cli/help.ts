// The texts of `tidemark --help` and `tidemark help <command>`. Owns nothing but their layout.
import { settingLines } from '../config/settings.ts';
import { type Command, exitCodes } from './command.ts';

const exitCodeLines = [
  [String(exitCodes.fine), 'fine'],
  [String(exitCodes.findings), 'something is wrong, or what was asked for is not there'],
  [String(exitCodes.misused), 'the command line or the configuration is not right'],
  [String(exitCodes.unreachable), 'a part that the command needs did not answer'],
] as const;

export function overview(commands: readonly Command[]): string {
  return [
    'Usage: tidemark <command> [--json] [--flag value]...',
    '',
    'Commands:',
    ...columns([
      ...commands.map(({ name, summary }) => [name, summary] as const),
      ['help <command>', 'what a command does, and its flags'],
    ]),
    '',
    'Settings, as of the sidecar: a flag wins over its variable, a variable over the file.',
    ...columns(settingLines()),
    '',
    ...exitCodeSection(),
  ].join('\n');
}

export function helpOf({ name, summary, usage, details, flags }: Command): string {
  const ownFlags = Object.entries(flags).map(
    ([flag, { value, meaning }]) =>
      [value === undefined ? `--${flag}` : `--${flag} ${value}`, meaning] as const,
  );
  return [
    `Usage: tidemark ${name}${usage === '' ? '' : ` ${usage}`} [--json]`,
    '',
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.${details === undefined ? '' : ` ${details}`}`,
    '',
    'Flags:',
    ...columns([...ownFlags, ['--json', 'an object on a line, for programs']]),
    '',
    'The settings of the sidecar count here, too: tidemark --help lists them.',
    '',
    ...exitCodeSection(),
  ].join('\n');
}

function exitCodeSection(): string[] {
  return ['Exit codes:', ...columns(exitCodeLines)];
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`);
}
