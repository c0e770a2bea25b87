// Execution contexts in the table `execution_contexts`, through the functions that the migration made for each step: so
// that every step is atomic and every time is the server's. Holds nothing itself.
import * as z from 'zod';
import { InvalidRowError } from '../errors.ts';
import { parseInput, parseRow } from '../schema/parse.ts';
import { idSchema } from '../schema/text.ts';
import type { ReadOptions } from '../store-options.ts';
import {
  askSupabase,
  openTable,
  type SupabaseRequest,
  type SupabaseSource,
  type SupabaseTable,
  type SupabaseTableOptions,
  toReadRequest,
} from '../supabase/ask-supabase.ts';
import {
  executionContextColumns,
  executionContextTable,
  fromExecutionContextRows,
} from './execution-context-row.ts';
import {
  createExecutionContextSchema,
  executionPathSchema,
  executionTtlMsSchema,
  expiredLimitSchema,
  statusUpdateSchema,
} from './execution-context-schema.ts';
import {
  type CreateExecutionContextInput,
  defaultExecutionTtlMs,
  type ExecutionContextStore,
} from './execution-context-store.ts';
import type { ExecutionContext, ExecutionPath, ExecutionStatus } from './execution-context.ts';

/** A function in SQL, and what it is given. */
interface Call {
  readonly name: string;
  readonly parameters: object;
}

/** Whose row the answer must be: R4 for a table that is asked by id, too. */
type Owner = Partial<Pick<ExecutionContext, 'id' | 'tenantId' | 'conversationId' | 'pathId'>>;

const isReadySchema = z.boolean({ error: 'must be true or false' });

export class SupabaseExecutionContextStore implements ExecutionContextStore {
  readonly #table: SupabaseTable;

  /** @param supabase a client with the service role's key; table and functions are service_role's alone */
  constructor(supabase: SupabaseSource, options: SupabaseTableOptions = {}) {
    this.#table = openTable(supabase, executionContextTable, options);
  }

  async createContext(input: CreateExecutionContextInput): Promise<ExecutionContext> {
    const parsed = parseInput(createExecutionContextSchema, 'input', input);
    const { sandboxId = null, ttlMs = defaultExecutionTtlMs, ...path } = parsed;
    const parameters = { ...toParameters(path), sandbox: sandboxId, ttl_ms: ttlMs };
    const call = { name: 'create_execution_context', parameters };
    const context = await this.#askForOne(call, path, { action: 'write' });
    if (context !== null) return context;
    throw new InvalidRowError(`${this.#table.name} must answer a create with a row, got none`);
  }

  async getContextByPath(path: ExecutionPath, options: ReadOptions = {}): Promise<ExecutionContext | null> {
    const parsed = parseInput(executionPathSchema, 'path', path);
    const call = { name: 'execution_context_by_path', parameters: toParameters(parsed) };
    return this.#askForOne(call, parsed, toReadRequest(options));
  }

  async touchContext(id: string, ttlMs: number): Promise<ExecutionContext | null> {
    const contextId = parseInput(idSchema, 'id', id);
    const parameters = {
      context_id: contextId,
      ttl_ms: parseInput(executionTtlMsSchema, 'ttlMs', ttlMs),
    };
    const call = { name: 'touch_execution_context', parameters };
    return this.#askForOne(call, { id: contextId }, { action: 'write' });
  }

  async updateStatus(id: string, status: ExecutionStatus, error?: string): Promise<ExecutionContext | null> {
    const update = parseInput(statusUpdateSchema, 'update', { id, status, error });
    const parameters = {
      context_id: update.id,
      new_status: update.status,
      new_error: update.error ?? null,
    };
    const call = { name: 'set_execution_context_status', parameters };
    return this.#askForOne(call, { id: update.id }, { action: 'write' });
  }

  async terminateContext(id: string): Promise<ExecutionContext | null> {
    return this.updateStatus(id, 'terminated');
  }

  async getExpiredContexts(limit = 50, options: ReadOptions = {}): Promise<readonly ExecutionContext[]> {
    const parameters = { max_rows: parseInput(expiredLimitSchema, 'limit', limit) };
    const call = { name: 'expired_execution_contexts', parameters };
    return this.#askForRows(call, {}, toReadRequest(options));
  }

  async isReady(id: string, options: ReadOptions = {}): Promise<boolean> {
    const parameters = { context_id: parseInput(idSchema, 'id', id) };
    const answer = await askSupabase(this.#table, toReadRequest(options), (signal) =>
      this.#table.call('is_execution_context_ready', parameters).abortSignal(signal).retry(false),
    );
    return parseRow(isReadySchema, this.#table.name, answer);
  }

  async #askForOne(call: Call, owner: Owner, request: SupabaseRequest): Promise<ExecutionContext | null> {
    const contexts = await this.#askForRows(call, owner, request);
    if (contexts.length <= 1) return contexts[0] ?? null;
    throw new InvalidRowError(
      `${this.#table.name} must answer ${call.name} with one row, got ${contexts.length}`,
    );
  }

  async #askForRows(call: Call, owner: Owner, request: SupabaseRequest): Promise<ExecutionContext[]> {
    const rows = await askSupabase(this.#table, request, (signal) =>
      this.#table
        .call(call.name, call.parameters)
        .select(executionContextColumns)
        .abortSignal(signal)
        .retry(false),
    );
    const where = `${this.#table.name} for ${call.name}`;
    const contexts = fromExecutionContextRows(rows, where);
    // R4: whatever sits between us and the table, another tenant's row is an error and never an answer.
    if (contexts.some((context) => !isOf(context, owner))) {
      throw new InvalidRowError(`the row in ${where} belongs to another path or context`);
    }
    return contexts;
  }
}

function toParameters({ tenantId, conversationId, pathId }: ExecutionPath): object {
  return { of_tenant_id: tenantId, of_conversation_id: conversationId, of_path_id: pathId };
}

function isOf(context: ExecutionContext, owner: Owner): boolean {
  return (Object.keys(owner) as (keyof Owner)[]).every((field) => context[field] === owner[field]);
}
