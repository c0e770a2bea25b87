// The environment of the process, for factories that are given none: an optional field that was forgotten must not make
// the kill switch count as unset. Nothing else here reads it.
import type { EnvironmentVariables } from './environment-reader.ts';

/** As it is now: nothing is remembered of an earlier call. */
export function systemEnvironment(): EnvironmentVariables {
  return process.env;
}
