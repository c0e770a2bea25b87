// The places of a process's settings in their order: its flags, then its environment.
import { parseArguments, strayArgument } from './arguments.ts';
import { SettingReader } from './setting-reader.ts';
import { type Environment, environmentSource, flagSource } from './setting-source.ts';

export interface ConfigSources {
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Environment;
}

/** What the sidecar is started with: nothing but flags, and the environment. */
export function readSources({ args, env }: ConfigSources): SettingReader {
  const { positionals, settingFlags, problems } = parseArguments(args, { program: 'the sidecar' });
  const stray = positionals.map(() => strayArgument);
  return openSettings({ flags: settingFlags, env, problems: [...problems, ...stray] });
}

export interface OpenSettings {
  readonly flags: ReadonlyMap<string, string>;
  readonly env: Environment;
  /** Of the arguments. */
  readonly problems?: readonly string[];
}

/** The reader of a process's settings, for whoever took its arguments apart. */
export function openSettings({ flags, env, problems = [] }: OpenSettings): SettingReader {
  return new SettingReader([flagSource(flags, problems), environmentSource(env)]);
}
