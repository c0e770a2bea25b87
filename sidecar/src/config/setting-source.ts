// A place that settings are read from, and the two that every process has: its flags and its environment. What a place
// says is text, whatever it is; what the text means is the same wherever it stands (schemas.ts).
import { settings, type Variable } from './settings.ts';

export interface SettingSource {
  /** As it is written there; undefined when it is not. */
  text(variable: Variable): string | undefined;
  /** How the user wrote its name there: `--port`, `TIDEMARK_PORT`. */
  label(variable: Variable): string;
  /** What is wrong with the place itself, one sentence each. */
  readonly problems: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** @param flags by their names, without the leading `--` */
export function flagSource(flags: ReadonlyMap<string, string>, problems: readonly string[]): SettingSource {
  return {
    text(variable) {
      const { flag } = settings[variable];
      return flag === null ? undefined : flags.get(flag);
    },
    label: (variable) => `--${settings[variable].flag ?? variable}`,
    problems,
  };
}

export function environmentSource(env: Environment): SettingSource {
  return { text: (variable) => env[variable], label: (variable) => variable, problems: [] };
}
