// Which HTTP status and code PostgREST gives to an error of PostgreSQL, for the errors to which @supabase/lite gives
// others. Pure. The table is PostgREST's documented one; what lite maps as PostgREST does is left to it.

interface DatabaseError {
  readonly code: string;
  readonly message: string;
  readonly detail?: string | null;
  readonly hint?: string | null;
}

/** The first entry whose prefix the SQLSTATE begins with counts. */
const statusBySqlState: ReadonlyArray<readonly [prefix: string, status: number]> = [
  ['08', 503],
  ['09', 500],
  ['0L', 403],
  ['0P', 403],
  ['23', 400],
  ['25', 500],
  ['28', 403],
  ['2D', 500],
  ['38', 500],
  ['39', 500],
  ['3B', 500],
  ['40', 500],
  ['53400', 500],
  ['53', 503],
  ['54', 500],
  ['57P01', 503],
  ['57', 500],
  ['58', 500],
  ['F0', 500],
  ['HV', 500],
  ['P0001', 400],
  ['P0', 500],
  ['XX', 500],
];

/** Mapped by lite, with details that are not to be had here (the role, the schema cache, the names of relations). */
const leftToLite = /^(?:42|22|21|55|PT|PGRST)|^(?:23502|23503|23505|25006)$/;

/** Codes of postgres.js and of Node for a connection that cannot be had or was lost. */
const connectionCodes = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
]);

/**
 * The error in the form lite should see: as it was, or as `raise sqlstate 'PGRST'`, with which a database function
 * (and so we) can tell PostgREST the exact answer.
 */
export function asPostgrestError(error: unknown): unknown {
  if (isConnectionError(error)) {
    const answer = {
      code: 'PGRST001',
      message: 'Database client error. Retrying the connection.',
      details: String(error),
      hint: null,
    };
    return raisePgrst(answer, 503);
  }
  if (!isDatabaseError(error) || leftToLite.test(error.code)) return error;
  const [, status = 400] = statusBySqlState.find(([prefix]) => error.code.startsWith(prefix)) ?? [];
  const { code, message, detail = null, hint = null } = error;
  return raisePgrst({ code, message, details: detail, hint }, status);
}

export function isConnectionError(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown };
  return typeof code === 'string' && connectionCodes.has(code);
}

function isDatabaseError(error: unknown): error is DatabaseError {
  const { code, message } = (error ?? {}) as Record<string, unknown>;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) && typeof message === 'string';
}

function raisePgrst(answer: Record<string, unknown>, status: number): Record<string, unknown> {
  return {
    code: 'PGRST',
    message: JSON.stringify(answer),
    detail: JSON.stringify({ status, headers: {} }),
  };
}
