// What a stack may be told, and what it makes of it. Pure but for the random secret.
import path from 'node:path';
import { DevstackError } from './devstack-error.ts';
import { newJwtSecret } from './keys.ts';
import type { PostgresOptions } from './postgres/index.ts';
import { projectRoot } from './project.ts';
import type { RealtimeGatewayOptions } from './realtime/index.ts';
import type { RedisOptions } from './redis/index.ts';

/** The parts that can have a fault proxy before them: what clients of the stack talk to. */
export type FaultPart = 'http' | 'postgres' | 'redis';

export interface StackOptions {
  /** A folder of migrations, or none. Default: supabase/migrations of this checkout. */
  readonly migrations?: 'none' | (string & {});
  /** SQL to run after the migrations. Default: none. */
  readonly seedFile?: string;
  /** Where the API listens; database and Redis stay on this machine. Default 127.0.0.1. */
  readonly host?: string;
  /** Default: free ones. */
  readonly ports?: { readonly api?: number; readonly database?: number; readonly redis?: number };
  readonly postgres?: Pick<PostgresOptions, 'isDurable' | 'settings'>;
  /** Default true. */
  readonly redis?: boolean | Pick<RedisOptions, 'isPersistent' | 'settings'>;
  /** Default true; an object changes the gateway's own defaults. */
  readonly realtime?: boolean | Omit<RealtimeGatewayOptions, 'databaseUrl' | 'jwtSecret'>;
  /** Schemas the Data API exposes. Default public and copilot_internal, as in supabase/config.toml. */
  readonly schemas?: readonly string[];
  /** No answer of the Data API holds more rows. Default 1,000, as in supabase/config.toml. */
  readonly maxRows?: number;
  /** At least 32 characters. Default: a random one. */
  readonly jwtSecret?: string;
  /** Which parts get a fault proxy; their URLs then lead through it. Default none. */
  readonly faults?: readonly FaultPart[];
  /** Every line the parts log. */
  readonly onLog?: (part: 'postgres' | 'redis' | 'data-api', line: string) => void;
}

export interface ResolvedStackOptions extends Omit<
  Required<StackOptions>,
  'migrations' | 'seedFile' | 'redis' | 'realtime'
> {
  readonly migrations: string | undefined;
  readonly seedFile: string | undefined;
  readonly redis: Exclude<StackOptions['redis'], boolean | undefined> | undefined;
  readonly realtime: Exclude<StackOptions['realtime'], boolean | undefined> | undefined;
}

export const defaultSchemas: readonly string[] = ['public', 'copilot_internal'];
export const defaultMaxRows = 1_000;
/** What HS256 asks for. */
const shortestSecret = 32;

/**
 * @throws DevstackError DEVSTACK_OPTION for a secret that is too short, or no schema
 */
export function resolveStackOptions(options: StackOptions): ResolvedStackOptions {
  const { migrations = path.join(projectRoot, 'supabase', 'migrations'), jwtSecret = newJwtSecret() } =
    options;
  if (jwtSecret.length < shortestSecret) {
    throw optionError(`jwtSecret must have at least ${shortestSecret} characters, got ${jwtSecret.length}`);
  }
  if (options.schemas?.length === 0) throw optionError('schemas must name at least one schema, got none');
  return {
    migrations: migrations === 'none' ? undefined : migrations,
    seedFile: options.seedFile,
    host: options.host ?? '127.0.0.1',
    ports: options.ports ?? {},
    postgres: options.postgres ?? {},
    redis: wanted(options.redis),
    realtime: wanted(options.realtime),
    schemas: options.schemas ?? defaultSchemas,
    maxRows: options.maxRows ?? defaultMaxRows,
    jwtSecret,
    faults: options.faults ?? [],
    onLog: options.onLog ?? (() => undefined),
  };
}

function wanted<T extends object>(choice: boolean | T | undefined): T | undefined {
  if (choice === false) return undefined;
  return typeof choice === 'object' ? choice : ({} as T);
}

function optionError(message: string): DevstackError {
  return new DevstackError('DEVSTACK_OPTION', message);
}
