// Takes the arguments of a program apart: flags of settings, flags of its own, the rest. Owns the refusals of what a
// program does not know, and never shows an argument that could be a secret.
import { parseArgs } from 'node:util';
import { settings, type Variable, variables } from './settings.ts';

export interface ArgumentNames {
  /** Of whom the flags are: `the sidecar`. */
  readonly program: string;
  /** Flags beside those of settings, and whether a value follows. */
  readonly flags?: Readonly<Record<string, { readonly isSwitch: boolean }>>;
}

export interface ParsedArguments {
  readonly positionals: readonly string[];
  /** Flags of settings, without the leading `--`. */
  readonly settingFlags: ReadonlyMap<string, string>;
  /** The program's own ones; a switch has the value ''. */
  readonly ownFlags: ReadonlyMap<string, string>;
  readonly problems: readonly string[];
}

export function parseArguments(
  args: readonly string[],
  { program, flags = {} }: ArgumentNames,
): ParsedArguments {
  const settingNames = variables.map((variable) => settings[variable].flag).filter((flag) => flag !== null);
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries([
      ...settingNames.map((name) => [name, { type: 'string' as const }]),
      ...Object.entries(flags).map(([name, { isSwitch }]) => [
        name,
        { type: isSwitch ? ('boolean' as const) : ('string' as const) },
      ]),
    ]),
    strict: false,
    tokens: true,
  });
  const positionals: string[] = [];
  const settingFlags = new Map<string, string>();
  const ownFlags = new Map<string, string>();
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'option-terminator') continue;
    if (token.kind === 'positional') {
      positionals.push(token.value);
      continue;
    }
    const { name, value } = token;
    const own = Object.hasOwn(flags, name) ? flags[name] : undefined;
    if (own?.isSwitch === true) {
      if (value === undefined) ownFlags.set(name, '');
      else problems.push(`--${name} must stand alone, got a value: write --${name}`);
    } else if (own === undefined && !settingNames.includes(name)) {
      problems.push(unknownFlag(name, program));
    } else if (value === undefined || value.trim() === '') {
      problems.push(`--${name} must be followed by a value, got nothing: write --${name}=value`);
    } else (own === undefined ? settingFlags : ownFlags).set(name, value.trim());
  }
  return { positionals, settingFlags, ownFlags, problems };
}

// Not shown: it may be a secret that a shell split at a space.
export const strayArgument =
  'an argument must be a flag like --port=8787, got a text without one: quote values that hold spaces';

function unknownFlag(name: string, program: string): string {
  const variable = variables.find(
    (variable) => settings[variable].flag === null && toFlag(variable) === name.toLowerCase(),
  );
  if (variable !== undefined) {
    return `--${name} must not be given as an argument, which other users of the machine can read: set ${variable}`;
  }
  return `--${name} is not a flag of ${program}: see --help`;
}

function toFlag(variable: Variable): string {
  return variable.toLowerCase().replaceAll('_', '-');
}
