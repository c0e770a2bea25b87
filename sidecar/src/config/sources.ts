// The places of a process's settings in their order: its flags, its environment, the file that one of these names.
import { readFileSync } from 'node:fs';
import { parseArguments, strayArgument } from './arguments.ts';
import { fileSource } from './file-source.ts';
import type { ReadText } from './secret-file.ts';
import { SettingReader } from './setting-reader.ts';
import { type Environment, environmentSource, flagSource } from './setting-source.ts';

export interface ConfigSources {
  /** The arguments after the program's name. */
  readonly args: readonly string[];
  readonly env: Environment;
  /** Reads the configuration file and the files of secrets. Default: from the disk. */
  readonly readText?: ReadText;
}

/** What the sidecar is started with: no argument but flags of settings. */
export function readSources({ args, env, readText }: ConfigSources): SettingReader {
  const { positionals, settingFlags, problems } = parseArguments(args, { program: 'the sidecar' });
  const stray = positionals.map(() => strayArgument);
  return openSettings({
    flags: settingFlags,
    env,
    problems: [...problems, ...stray],
    ...(readText === undefined ? {} : { readText }),
  });
}

export interface OpenSettings {
  readonly flags: ReadonlyMap<string, string>;
  readonly env: Environment;
  /** Of the arguments. */
  readonly problems?: readonly string[];
  readonly readText?: ReadText;
}

/** The reader of a process's settings, for whoever took its arguments apart. */
export function openSettings({
  flags,
  env,
  problems = [],
  readText = readDisk,
}: OpenSettings): SettingReader {
  const sources = [flagSource(flags, problems), environmentSource(env, readText)];
  const started = new SettingReader(sources);
  const path = started.text('TIDEMARK_CONFIG');
  if (path === undefined) return started;
  return new SettingReader([...sources, fileSource(started.label('TIDEMARK_CONFIG'), path, readText)]);
}

function readDisk(path: string): string {
  return readFileSync(path, 'utf8');
}
