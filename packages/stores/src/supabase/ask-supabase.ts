// One request to the Data API: its deadline, and what counts as an answer. Every Supabase store asks through here, so
// that "no row" is only ever said by the table itself. Never asks again after an answer, and never writes twice.
import type { SupabaseClient } from '@supabase/supabase-js';
import { parseDuration, type Duration } from '@tidemark/protocol';
import { InvalidInputError, SourceError } from '../errors.ts';
import type { ReadOptions } from '../store-options.ts';

/**
 * What a store needs of a supabase-js client, whatever its database types. Create the client with a `fetch` that sets
 * `cache: 'no-store'`, with the service role's key, and for the primary: R1 assumes all three.
 */
export type SupabaseSource = Pick<SupabaseClient, 'schema'>;

/**
 * The schemas that a store can ask. The migrations create the tables in `copilot_internal`, and only there: a copy in
 * `public` is the caller's own, who gives it row level security, grants, the triggers and `tidemark.track`. Without the
 * first two whoever has the public key may read it; without the last its region gets no lease, and every read asks it.
 */
export const sourceSchemas = ['copilot_internal', 'public'] as const;

export type SourceSchema = (typeof sourceSchemas)[number];

export const defaultSourceSchema: SourceSchema = 'copilot_internal';

/** Longer than any healthy answer, shorter than what a request of a user survives. */
export const defaultDeadline: Duration = '10s';

export interface SupabaseTableOptions {
  /** Default `copilot_internal`; see {@link sourceSchemas} for the other. */
  readonly schema?: SourceSchema;
  /** After this a request counts as failed; a write's outcome is unknown then. Default 10 s. */
  readonly deadline?: Duration;
}

/**
 * A table that requests go to, and the functions of its schema, where one statement of the Data API would not do. `name`
 * is `schema.table`, for messages and for the journal, never for a request.
 */
export interface SupabaseTable {
  readonly name: string;
  readonly deadlineMs: number;
  from(): ReturnType<ReturnType<SupabaseSource['schema']>['from']>;
  call(name: string, parameters: object): ReturnType<ReturnType<SupabaseSource['schema']>['rpc']>;
}

/** @throws InvalidInputError for another schema: a typo would otherwise show as a missing table, at the first read */
export function openTable(
  supabase: SupabaseSource,
  table: string,
  options: SupabaseTableOptions,
): SupabaseTable {
  const schema = options.schema ?? defaultSourceSchema;
  if (!sourceSchemas.includes(schema)) {
    throw new InvalidInputError(
      `schema must be one of ${sourceSchemas.join(', ')}, got ${JSON.stringify(schema)}`,
    );
  }
  return {
    name: `${schema}.${table}`,
    deadlineMs: parseDuration('deadline', options.deadline ?? defaultDeadline),
    from: () => supabase.schema(schema).from(table),
    call: (name, parameters) => supabase.schema(schema).rpc(name, parameters),
  };
}

export interface SupabaseReply {
  readonly data: unknown;
  readonly error: { readonly message: string; readonly code?: string } | null;
  readonly status: number;
}

export interface SupabaseRequest {
  readonly action: 'read' | 'write' | 'delete';
  readonly signal?: AbortSignal;
}

export function toReadRequest({ signal }: ReadOptions): SupabaseRequest {
  return { action: 'read', ...(signal !== undefined && { signal }) };
}

/**
 * Sends a request that asks for rows, writes included (`.select()`): supabase-js shows an empty 404, from a proxy or a
 * wrong URL, as success without data, which would make "no policy" of it, or a write that never happened.
 *
 * @param send builds the request with the given signal, and without the retries of supabase-js (`.retry(false)`): they
 *   wait for seconds, while the caller may have something better to do than to wait
 * @returns the data of the answer
 * @throws SourceError; the signal's reason when the caller's signal ended the wait
 */
export async function askSupabase(
  table: SupabaseTable,
  request: SupabaseRequest,
  send: (signal: AbortSignal) => PromiseLike<SupabaseReply>,
): Promise<unknown> {
  const deadline = AbortSignal.timeout(table.deadlineMs);
  const signal = request.signal === undefined ? deadline : AbortSignal.any([deadline, request.signal]);
  signal.throwIfAborted();
  let reply = await send(signal);
  // A kept-alive connection that the other end has just closed fails at once. To read again is safe; to write is not.
  if (reply.status === 0 && request.action === 'read' && !signal.aborted) reply = await send(signal);
  const { data, error, status } = reply;
  if (error === null && (status === 200 || status === 201)) return data;

  request.signal?.throwIfAborted();
  const sourceCode = error?.code ?? '';
  const reason = deadline.aborted
    ? `no answer within ${table.deadlineMs} ms`
    : (error?.message ?? `status ${status} without rows; does the Supabase URL lead to the Data API?`);
  const outcome = status === 0 && request.action !== 'read' ? '; the outcome is unknown' : '';
  throw new SourceError(
    `the ${request.action} of ${table.name} failed${sourceCode === '' ? '' : ` with ${sourceCode}`}: ${reason}${outcome}`,
    { sourceCode, status, cause: error ?? undefined },
  );
}
