// The whole environment as one value, or one error that lists every problem. Parse it once, in `main.ts`, and pass the
// parts on.
import { EnvironmentReader, type EnvironmentVariables } from './environment-reader.ts';
import { readFlags, type Flags } from './flags.ts';
import { readRedisSettings, type RedisSettings } from './redis-settings.ts';
import { readRuntimeMode, type RuntimeMode } from './runtime-mode.ts';
import { readSupabaseSettings, type SupabaseSettings } from './supabase-settings.ts';
import { systemEnvironment } from './system-environment.ts';
import { readTtls, type Ttls } from './ttls.ts';

/** What the factories read: they are given their clients, so the addresses are not their business. */
export interface CacheControl {
  readonly mode: RuntimeMode;
  readonly flags: Flags;
  readonly ttls: Ttls;
}

export interface Environment extends CacheControl {
  readonly redis: RedisSettings;
  readonly supabase: SupabaseSettings;
}

/**
 * @param variables usually `process.env`
 * @throws EnvironmentError listing every problem
 */
export function parseEnvironment(variables: EnvironmentVariables): Environment {
  const reader = new EnvironmentReader(variables);
  const control = readControl(reader);
  const environment = {
    ...control,
    redis: readRedisSettings(reader),
    supabase: readSupabaseSettings(reader, control.mode),
  };
  reader.throwIfProblems();
  return environment;
}

/**
 * @param variables default: the environment of the process
 * @throws EnvironmentError listing every problem
 */
export function parseCacheControl(variables: EnvironmentVariables = systemEnvironment()): CacheControl {
  const reader = new EnvironmentReader(variables);
  const control = readControl(reader);
  reader.throwIfProblems();
  return control;
}

function readControl(reader: EnvironmentReader): CacheControl {
  return { mode: readRuntimeMode(reader), flags: readFlags(reader), ttls: readTtls(reader) };
}
