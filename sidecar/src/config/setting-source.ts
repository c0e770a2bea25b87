// A place that settings are read from, and the two that every process has: its flags and its environment. What a place
// says is text, whatever it is; what the text means is the same wherever it stands (schemas.ts).
import { readSecretFile, type ReadText } from './secret-file.ts';
import { secretVariables, settings, type Variable } from './settings.ts';

export interface SettingSource {
  /** Whether it says anything of the setting, right or wrong. An empty text says nothing. */
  has(variable: Variable): boolean;
  /** As it is written there; undefined when it is not, or is no text. */
  text(variable: Variable): string | undefined;
  /** How the user wrote its name there: `--port`, `TIDEMARK_PORT`, `tidemark.yaml:7 http.port`. */
  label(variable: Variable): string;
  /** What is wrong with the place itself, one sentence each. */
  readonly problems: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** @param flags by their names, without the leading `--` */
export function flagSource(flags: ReadonlyMap<string, string>, problems: readonly string[]): SettingSource {
  const text = (variable: Variable): string | undefined => {
    const { flag } = settings[variable];
    return flag === null ? undefined : flags.get(flag);
  };
  return {
    has: (variable) => isSaid(text(variable)),
    text,
    label: (variable) => `--${settings[variable].flag ?? variable}`,
    problems,
  };
}

/** A secret may also be the content of a file, as container platforms hand it in: `REDIS_PASSWORD_FILE`. */
export function environmentSource(env: Environment, readText: ReadText): SettingSource {
  const problems: string[] = [];
  /** null: the file could not be read. */
  const fromFiles = new Map<Variable, string | null>();
  for (const variable of secretVariables) {
    const name = `${variable}_FILE`;
    const path = env[name]?.trim() ?? '';
    if (path === '') continue;
    if (isSaid(env[variable])) {
      problems.push(`${name} must be unset when ${variable} is set, got both: leave one of them out`);
      continue;
    }
    const secret = readSecretFile(name, path, readText);
    if (secret.kind === 'unreadable') problems.push(secret.problem);
    fromFiles.set(variable, secret.kind === 'read' ? secret.text : null);
  }
  return {
    has: (variable) => fromFiles.has(variable) || isSaid(env[variable]),
    text: (variable) => fromFiles.get(variable) ?? env[variable],
    label: (variable) => (fromFiles.has(variable) ? `${variable}_FILE` : variable),
    problems,
  };
}

/** That is how compose files and CI systems write "nothing". */
function isSaid(text: string | undefined): boolean {
  return text !== undefined && text.trim() !== '';
}
