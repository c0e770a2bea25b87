// Every setting of the sidecar: its variable, its flag, what it is for. Owns the names and the help text; never a value.
import { logLevels } from '../log/logger.ts';
import {
  defaultHost,
  defaultKeyPrefix,
  defaultLogLevel,
  defaultMaxStalenessMs,
  defaultPort,
  defaultRoundEveryMs,
} from './defaults.ts';

export interface Setting {
  /** Without the leading `--`; null for a secret, because the arguments of a process are visible to others. */
  readonly flag: string | null;
  /** Where it stands in the file; with `File` after it for a secret, whose text is in a file of its own. */
  readonly path: string | null;
  readonly meaning: string;
}

export type Variable =
  | 'TIDEMARK_CONFIG'
  | 'SUPABASE_URL'
  | 'SUPABASE_SERVICE_ROLE_KEY'
  | 'DATABASE_URL'
  | 'REDIS_URL'
  | 'REDIS_USERNAME'
  | 'REDIS_PASSWORD'
  | 'REDIS_TOKEN'
  | 'REDIS_SENTINELS'
  | 'REDIS_SENTINEL_NAME'
  | 'REDIS_SENTINEL_PASSWORD'
  | 'REDIS_CLUSTER'
  | 'REDIS_TLS'
  | 'TIDEMARK_KEY_PREFIX'
  | 'TIDEMARK_ROUND_EVERY'
  | 'TIDEMARK_MAX_STALENESS'
  | 'TIDEMARK_HINTS'
  | 'TIDEMARK_TABLES'
  | 'TIDEMARK_BEST_EFFORT_TABLES'
  | 'TIDEMARK_CHECKER_PER_SECOND'
  | 'TIDEMARK_CHECKER_TABLES'
  | 'TIDEMARK_HOST'
  | 'TIDEMARK_PORT'
  | 'LOG_LEVEL'
  | 'OTEL_EXPORTER_OTLP_ENDPOINT';

export const settings: Readonly<Record<Variable, Setting>> = {
  TIDEMARK_CONFIG: {
    flag: 'config',
    path: null,
    meaning: 'a YAML file with any of the settings below; what a flag or a variable says wins over it',
  },
  SUPABASE_URL: {
    flag: 'supabase-url',
    path: 'supabase.url',
    meaning: 'URL of the project, e.g. https://abc.supabase.co',
  },
  SUPABASE_SERVICE_ROLE_KEY: {
    flag: null,
    path: 'supabase.serviceRoleKey',
    meaning: 'service_role key or secret key (sb_secret_...)',
  },
  DATABASE_URL: {
    flag: null,
    path: 'databaseUrl',
    meaning: 'reads the journal over a direct connection instead; then Supabase may be left out',
  },
  REDIS_URL: {
    flag: 'redis-url',
    path: 'redis.url',
    meaning: 'redis://, rediss://, or the https:// URL of Upstash',
  },
  REDIS_USERNAME: {
    flag: 'redis-username',
    path: 'redis.username',
    meaning: 'user of Redis, when REDIS_URL holds none',
  },
  REDIS_PASSWORD: { flag: null, path: 'redis.password', meaning: 'password, when REDIS_URL holds none' },
  REDIS_TOKEN: {
    flag: null,
    path: 'redis.token',
    meaning: 'token that belongs to the https:// URL of Upstash',
  },
  REDIS_SENTINELS: {
    flag: 'redis-sentinels',
    path: 'redis.sentinels',
    meaning: 'instead of REDIS_URL: the sentinels that know the primary, host:port,host:port,...',
  },
  REDIS_SENTINEL_NAME: {
    flag: 'redis-sentinel-name',
    path: 'redis.name',
    meaning: 'what the sentinels call the primary',
  },
  REDIS_SENTINEL_PASSWORD: {
    flag: null,
    path: 'redis.sentinelPassword',
    meaning: 'password of the sentinels themselves',
  },
  REDIS_CLUSTER: {
    flag: 'redis-cluster',
    path: 'redis.cluster',
    meaning: 'instead of REDIS_URL: some nodes of a Redis Cluster, host:port,host:port,...',
  },
  REDIS_TLS: {
    flag: 'redis-tls',
    path: 'redis.tls',
    meaning: 'true: over TLS; a rediss:// URL says so itself',
  },
  TIDEMARK_KEY_PREFIX: {
    flag: 'key-prefix',
    path: 'keyPrefix',
    meaning: `first part of every Redis key, as in the instances; default ${defaultKeyPrefix}`,
  },
  TIDEMARK_ROUND_EVERY: {
    flag: 'round-every',
    path: 'roundEvery',
    meaning: `period of the rounds; default ${defaultRoundEveryMs.rpc}ms, over a direct connection ${defaultRoundEveryMs.direct}ms`,
  },
  TIDEMARK_MAX_STALENESS: {
    flag: 'max-staleness',
    path: 'maxStaleness',
    meaning: `the smallest maxStaleness of any region, to check the period against; default ${defaultMaxStalenessMs}ms`,
  },
  TIDEMARK_HINTS: {
    flag: 'hints',
    path: 'hints',
    meaning:
      'what rings for a round at once: broadcast, changes, direct (needs DATABASE_URL), or none; default broadcast,changes',
  },
  TIDEMARK_TABLES: {
    flag: 'tables',
    path: 'tables',
    meaning: 'the tables that should be tracked, to warn of those that are not; easiest in the file',
  },
  TIDEMARK_BEST_EFFORT_TABLES: {
    flag: 'best-effort-tables',
    path: 'bestEffortTables',
    meaning: 'tables without triggers, fed by Realtime alone: public.flags(id)=copilot:flags,...',
  },
  TIDEMARK_CHECKER_PER_SECOND: {
    flag: 'checker-per-second',
    path: 'checker.perSecond',
    meaning: 'L2 values that are compared with the source each second; default 0, off',
  },
  TIDEMARK_CHECKER_TABLES: {
    flag: 'checker-tables',
    path: 'checker.tables',
    meaning: 'only of these, with other names of fields: public.customers(full_name=name),...; default all',
  },
  TIDEMARK_HOST: {
    flag: 'host',
    path: 'http.host',
    meaning: `address of the status page, /healthz, /readyz and /metrics; default ${defaultHost}`,
  },
  TIDEMARK_PORT: {
    flag: 'port',
    path: 'http.port',
    meaning: `its port, 0 for any that is free; default ${defaultPort}`,
  },
  LOG_LEVEL: {
    flag: 'log-level',
    path: 'logLevel',
    meaning: `${logLevels.join(', ')}; default ${defaultLogLevel}`,
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    flag: 'otlp-endpoint',
    path: 'otlpEndpoint',
    meaning: 'collector to which the metrics and a trace of the rounds go, e.g. http://collector:4318',
  },
};

export const variables: readonly Variable[] = Object.keys(settings) as Variable[];

/** Secrets have no flag, and stand in no file but one of their own. */
export const secretVariables: readonly Variable[] = variables.filter(
  (variable) => settings[variable].flag === null,
);

/** Each setting as the help names it, with its meaning. */
export function settingLines(): [name: string, meaning: string][] {
  return variables.map((variable) => {
    const { flag, meaning } = settings[variable];
    return [flag === null ? variable : `${variable}, --${flag}`, meaning];
  });
}

/** What `--help` prints. */
export function helpText(): string {
  const lines = settingLines();
  const width = Math.max(...lines.map(([name]) => name.length));
  return [
    'Usage: tidemark-sidecar [--flag value]...',
    '',
    'Hears which rows changed, runs the rounds, broadcasts invalidations over Redis.',
    'A flag wins over its variable, a variable over the file; an empty variable counts as unset.',
    'A secret may be the content of a file: the variable with _FILE after it names it.',
    '',
    ...lines.map(([name, meaning]) => `  ${name.padEnd(width)}  ${meaning}`),
    '',
  ].join('\n');
}
