// Reads settings one by one, from the flag or else the environment, and collects what is wrong with them: a start fails
// once, with everything to fix. Arguments and environment are parameters; nothing here reads the process's own.
import { parseArgs } from 'node:util';
import type * as z from 'zod';
import { createRedactor } from '../log/redact.ts';
import { settings, type Variable, variables } from './settings.ts';

export interface ConfigSources {
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class SettingReader {
  readonly #env: ConfigSources['env'];
  readonly #flags = new Map<string, string>();
  readonly #problems: string[] = [];

  constructor({ args, env }: ConfigSources) {
    this.#env = env;
    this.#readFlags(args);
  }

  /** An empty value counts as unset: that is how compose files and CI systems write "nothing". */
  text(variable: Variable): string | undefined {
    const { flag } = settings[variable];
    const value = (flag === null ? undefined : this.#flags.get(flag)) ?? this.#env[variable]?.trim();
    return value === '' ? undefined : value;
  }

  has(variable: Variable): boolean {
    return this.text(variable) !== undefined;
  }

  /** @returns undefined when unset; also when it is wrong, which is then a problem */
  read<T>(variable: Variable, schema: z.ZodType<T, string>): T | undefined {
    const text = this.text(variable);
    if (text === undefined) return undefined;
    const { data, error } = schema.safeParse(text);
    for (const { message } of error?.issues ?? []) this.report(`${this.#label(variable)} ${message}`);
    return data;
  }

  report(problem: string): void {
    this.#problems.push(problem);
  }

  /** What was reported. A secret that was put where it does not belong is not shown either. */
  get problems(): readonly string[] {
    const secrets = variables.filter((variable) => settings[variable].flag === null);
    const redact = createRedactor(secrets.map((variable) => this.#env[variable] ?? ''));
    return this.#problems.map(redact);
  }

  /** How the user wrote it. */
  #label(variable: Variable): string {
    const { flag } = settings[variable];
    return flag !== null && this.#flags.has(flag) ? `--${flag}` : variable;
  }

  #readFlags(args: readonly string[]): void {
    const known = new Set(
      variables.map((variable) => settings[variable].flag).filter((flag) => flag !== null),
    );
    const { tokens } = parseArgs({
      args: [...args],
      options: Object.fromEntries([...known].map((flag) => [flag, { type: 'string' as const }])),
      strict: false,
      tokens: true,
    });
    for (const token of tokens) {
      if (token.kind === 'option-terminator') continue;
      if (token.kind === 'positional') this.report(strayArgument);
      else if (!known.has(token.name)) this.report(unknownFlag(token.name));
      else if (token.value === undefined || token.value.trim() === '') {
        this.report(`--${token.name} must be followed by a value, got nothing: write --${token.name}=value`);
      } else this.#flags.set(token.name, token.value.trim());
    }
  }
}

// Not shown: it may be a secret that a shell split at a space.
const strayArgument =
  'an argument must be a flag like --port=8787, got a text without one: quote values that hold spaces';

function unknownFlag(name: string): string {
  const variable = variables.find(
    (variable) => settings[variable].flag === null && toFlag(variable) === name.toLowerCase(),
  );
  if (variable !== undefined) {
    return `--${name} must not be given as an argument, which other users of the machine can read: set ${variable}`;
  }
  return `--${name} is not a flag of the sidecar: see --help`;
}

function toFlag(variable: Variable): string {
  return variable.toLowerCase().replaceAll('_', '-');
}
