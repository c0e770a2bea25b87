// What a command of `tidemark` is, and what it is given. A command never reads the process and never ends it: it writes
// to `out`, and returns an exit code.
import type { Clock } from '@tidemark/protocol';
import type { SettingReader } from '../config/setting-reader.ts';

/** What scripts can tell the outcome by. */
export const exitCodes = {
  fine: 0,
  /** The command did its work, and something is wrong, or what was asked for is not there. */
  findings: 1,
  /** The command line, or the configuration, is not right. */
  misused: 2,
  /** A part that the command needs did not answer. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

interface CommandFlag {
  /** What stands for the value in the help; absent for a switch. */
  readonly value?: string;
  readonly meaning: string;
}

export interface Command {
  readonly name: string;
  /** One line without a full stop, for the list of commands. */
  readonly summary: string;
  /** What follows the name: `KEY | --table TABLE | --all`. */
  readonly usage: string;
  /** More to say in `tidemark help <command>`, whole sentences. */
  readonly details?: string;
  /** Beside those of the settings and `--json`. */
  readonly flags: Readonly<Record<string, CommandFlag>>;
  /** @throws UsageError, ConfigError, UnreachableError: the caller knows their exit codes */
  run(context: CommandContext): Promise<ExitCode>;
}

export interface CommandContext {
  /** The arguments that belong to no flag. */
  readonly positionals: readonly string[];
  /** The command's own flags, without the leading `--`; a switch has the value ''. */
  readonly flags: ReadonlyMap<string, string>;
  readonly settings: SettingReader;
  /** Answer with JSON, an object on a line, and with nothing else. */
  readonly isJson: boolean;
  /** Takes whole lines; adds the end of the line. What comes from other parts is without secrets. */
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly clock: Clock;
  /** Aborts when the user has had enough: what runs for ever then returns. */
  readonly signal: AbortSignal;
}
