// What a gateway may be told. Owns the defaults and the reason of each; every other file sees the resolved form only.
// The defaults are what a real Realtime server was recorded doing (fixtures/realtime-transcripts), not what is pleasant.
import { DevstackError } from '../devstack-error.ts';

/** The part of a pino logger this package uses. */
export interface RealtimeLogger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface RealtimeGatewayOptions {
  /** As a superuser: the gateway takes every role a token names, and decodes the log. */
  readonly databaseUrl: string;
  /** HS256. */
  readonly jwtSecret: string;
  /** Of postgres_changes. Default `supabase_realtime`. */
  readonly publication?: string;
  /**
   * Pause between two looks at the changes. Default 500, as the real server idles: a change takes 250 ms on average.
   * 0 delivers at once, which no Realtime server does for postgres_changes.
   */
  readonly changesPollMs?: number;
  /** Default 60,000: so long may a change of the publication stay unnoticed by the subscriptions. */
  readonly publicationCheckMs?: number;
  /** Between `setAuth` with a new token and the repeated `system ok`. Default 1,000. */
  readonly resubscribeMs?: number;
  /** How long a refused client waits for its answer: the real server slows guessing down. Default 2,000 and 5,000. */
  readonly refusalDelayMs?: { readonly connect?: number; readonly join?: number };
  /** Pauses between attempts to reach a lost PostgreSQL: the first one, doubled up to the second. Default 500, 20,000. */
  readonly reconnectMs?: { readonly first?: number; readonly longest?: number };
  /** Default 100, as on the hosted service. */
  readonly channelsPerClient?: number;
  /** Default: silent. */
  readonly logger?: RealtimeLogger;
}

export interface ResolvedRealtimeOptions {
  readonly databaseUrl: string;
  readonly jwtSecret: string;
  readonly publication: string;
  readonly changesPollMs: number;
  readonly publicationCheckMs: number;
  readonly resubscribeMs: number;
  readonly refusalDelayMs: { readonly connect: number; readonly join: number };
  readonly reconnectMs: { readonly first: number; readonly longest: number };
  readonly channelsPerClient: number;
  readonly logger: RealtimeLogger;
}

const silent: RealtimeLogger = { info: () => undefined, warn: () => undefined };

/**
 * @throws DevstackError DEVSTACK_OPTION for a duration that is not a number of milliseconds, or an empty name
 */
export function resolveRealtimeOptions(options: RealtimeGatewayOptions): ResolvedRealtimeOptions {
  const resolved: ResolvedRealtimeOptions = {
    databaseUrl: options.databaseUrl,
    jwtSecret: options.jwtSecret,
    publication: options.publication ?? 'supabase_realtime',
    changesPollMs: options.changesPollMs ?? 500,
    publicationCheckMs: options.publicationCheckMs ?? 60_000,
    resubscribeMs: options.resubscribeMs ?? 1_000,
    refusalDelayMs: {
      connect: options.refusalDelayMs?.connect ?? 2_000,
      join: options.refusalDelayMs?.join ?? 5_000,
    },
    reconnectMs: {
      first: options.reconnectMs?.first ?? 500,
      longest: options.reconnectMs?.longest ?? 20_000,
    },
    channelsPerClient: options.channelsPerClient ?? 100,
    logger: options.logger ?? silent,
  };
  checkDurations({
    changesPollMs: resolved.changesPollMs,
    publicationCheckMs: resolved.publicationCheckMs,
    resubscribeMs: resolved.resubscribeMs,
    'refusalDelayMs.connect': resolved.refusalDelayMs.connect,
    'refusalDelayMs.join': resolved.refusalDelayMs.join,
    'reconnectMs.first': resolved.reconnectMs.first,
    'reconnectMs.longest': resolved.reconnectMs.longest,
    channelsPerClient: resolved.channelsPerClient,
  });
  for (const name of ['databaseUrl', 'jwtSecret', 'publication'] as const) {
    if (resolved[name] === '') throw new DevstackError('DEVSTACK_OPTION', `${name} must not be empty`);
  }
  return resolved;
}

function checkDurations(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!Number.isFinite(value) || value < 0) {
      throw new DevstackError('DEVSTACK_OPTION', `${name} must be a number of at least 0, got ${value}`);
    }
  }
}
