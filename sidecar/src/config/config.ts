// The whole configuration as one value, or one error that lists every problem: flag, then environment, then file, then
// default, else refused. Everything else of the sidecar sees only the result.
import type { BestEffortTable } from '@tidemark/engine';
import type { LogLevel } from '../log/logger.ts';
import { bestEffortSchema } from './best-effort-setting.ts';
import { checkedTablesSchema, type CheckerConfig, perSecondSchema } from './checker-setting.ts';
import { ConfigError } from './config-error.ts';
import {
  defaultHost,
  defaultKeyPrefix,
  defaultLogLevel,
  defaultMaxStalenessMs,
  defaultPort,
  defaultRoundEveryMs,
} from './defaults.ts';
import type { RedisConfig } from './redis-config.ts';
import { readRedis } from './redis-setting.ts';
import {
  databaseUrlSchema,
  durationSchema,
  type HintKind,
  hintsSchema,
  hostSchema,
  keyPrefixSchema,
  logLevelSchema,
  otlpEndpointSchema,
  portSchema,
} from './schemas.ts';
import type { SettingReader } from './setting-reader.ts';
import { type ConfigSources, readSources } from './sources.ts';
import { readSupabase, type SupabaseConfig } from './supabase-setting.ts';
import { type DeclaredTable, tablesSchema } from './tables-setting.ts';

export interface JournalConfig {
  /** Absent only where `databaseUrl` is set. */
  readonly supabase: SupabaseConfig | undefined;
  /** Reads the journal here instead of over rpc. */
  readonly databaseUrl: string | undefined;
}

export interface SidecarConfig extends JournalConfig {
  readonly redis: RedisConfig;
  readonly keyPrefix: string;
  readonly roundEveryMs: number;
  readonly hints: readonly HintKind[];
  /** Should be tracked; compared with what is. */
  readonly tables: readonly DeclaredTable[];
  readonly bestEffortTables: readonly BestEffortTable[];
  /** Absent: L2 is not compared with the source. */
  readonly checker?: CheckerConfig;
  readonly host: string;
  readonly port: number;
  readonly logLevel: LogLevel;
  /** Where metrics and traces go; undefined: nowhere. */
  readonly otlpEndpoint: string | undefined;
}

/** An instance reads the head so many times within a bound. */
const headReadsPerBound = 8;

/** @throws ConfigError with every problem */
export function resolveConfig(sources: ConfigSources): SidecarConfig {
  return resolveSettings(readSources(sources));
}

/** @throws ConfigError with every problem */
export function resolveSettings(reader: SettingReader): SidecarConfig {
  const journal = readJournalConfig(reader);
  const redis = readRedis(reader);
  const common = {
    keyPrefix: reader.read('TIDEMARK_KEY_PREFIX', keyPrefixSchema) ?? defaultKeyPrefix,
    roundEveryMs: readRoundEvery(reader),
    ...readHints(reader),
    tables: reader.read('TIDEMARK_TABLES', tablesSchema) ?? [],
    ...readChecker(reader),
    host: reader.read('TIDEMARK_HOST', hostSchema) ?? defaultHost,
    port: reader.read('TIDEMARK_PORT', portSchema) ?? defaultPort,
    logLevel: reader.read('LOG_LEVEL', logLevelSchema) ?? defaultLogLevel,
    otlpEndpoint: reader.read('OTEL_EXPORTER_OTLP_ENDPOINT', otlpEndpointSchema),
  };
  reader.refuseProblems();
  // Without a Redis there was a problem.
  if (redis === undefined) throw new ConfigError(reader.problems);
  return { ...journal, redis, ...common };
}

/** Where the journal is: for whoever needs nothing else. Problems are left with the reader. */
export function readJournalConfig(reader: SettingReader): JournalConfig {
  return { supabase: readSupabase(reader), databaseUrl: reader.read('DATABASE_URL', databaseUrlSchema) };
}

/** A round, and a head read before and after it, must fit into half the bound, or every tidemark would be late. */
function readRoundEvery(reader: SettingReader): number {
  const set = reader.read('TIDEMARK_ROUND_EVERY', durationSchema);
  const roundEveryMs = set ?? defaultRoundEveryMs[reader.has('DATABASE_URL') ? 'direct' : 'rpc'];
  const boundMs = readBound(reader);
  const mostMs = boundMs / 2 - (2 * boundMs) / headReadsPerBound;
  if (roundEveryMs > mostMs) {
    reader.report(
      `${reader.label('TIDEMARK_ROUND_EVERY')} must be at most ${mostMs} ms for ${reader.label('TIDEMARK_MAX_STALENESS')} of ${boundMs} ms ` +
        `(half of it, less two head reads of ${boundMs / headReadsPerBound} ms each), got ${roundEveryMs} ms: ` +
        `lower the period, or raise the bound to ${4 * roundEveryMs} ms here and in the regions`,
    );
  }
  return roundEveryMs;
}

/** Asked for by two: its problem is reported by the first, which every configuration has. */
function readBound(reader: SettingReader): number {
  return reader.read('TIDEMARK_MAX_STALENESS', durationSchema) ?? defaultMaxStalenessMs;
}

function readChecker(reader: SettingReader): Pick<SidecarConfig, 'checker'> {
  const perSecond = reader.read('TIDEMARK_CHECKER_PER_SECOND', perSecondSchema) ?? 0;
  const tables = reader.read('TIDEMARK_CHECKER_TABLES', checkedTablesSchema) ?? [];
  if (perSecond === 0) return {};
  return { checker: { perSecond, tables, boundMs: readBound(reader) } };
}

function readHints(reader: SettingReader): Pick<SidecarConfig, 'hints' | 'bestEffortTables'> {
  const hasSupabase = reader.has('SUPABASE_URL');
  const hints = reader.read('TIDEMARK_HINTS', hintsSchema);
  const bestEffortTables = reader.read('TIDEMARK_BEST_EFFORT_TABLES', bestEffortSchema) ?? [];
  // Where Supabase has to be set anyway, its absence is reported as that.
  if (!hasSupabase && reader.has('DATABASE_URL')) {
    if (hints?.some((kind) => kind !== 'direct') === true) {
      reader.report(
        `${reader.label('TIDEMARK_HINTS')} must be direct or none without SUPABASE_URL, got others: Realtime is a part of Supabase`,
      );
    }
    if (bestEffortTables.length > 0) {
      reader.report(
        `${reader.label('TIDEMARK_BEST_EFFORT_TABLES')} must be unset without SUPABASE_URL, got some: Realtime is a part of Supabase`,
      );
    }
  }
  if (hints?.includes('direct') === true && !reader.has('DATABASE_URL')) {
    reader.report(
      `${reader.label('TIDEMARK_HINTS')} must not have direct without DATABASE_URL, got it: set the connection string of the database itself, not of a pooler`,
    );
  }
  return { hints: hints ?? (hasSupabase ? ['broadcast', 'changes'] : []), bestEffortTables };
}
