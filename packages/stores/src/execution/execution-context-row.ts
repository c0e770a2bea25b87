// An execution context as a row of `execution_contexts`. The columns are named one by one: `*` would make a new column
// part of every answer. Rows are written by functions in SQL alone.
import * as z from 'zod';
import { parseRow } from '../schema/parse.ts';
import { executionContextSchema } from './execution-context-schema.ts';
import type { ExecutionContext } from './execution-context.ts';

export const executionContextTable = 'execution_contexts';

export const executionContextColumns =
  'id,tenant_id,conversation_id,path_id,status,sandbox_id,error,created_at,last_used_at,expires_at,terminated_at';

const rowList = z.array(z.record(z.string(), z.unknown()), { error: 'must be a list of rows' });

/**
 * @param where names the rows in the error
 * @throws InvalidRowError
 */
export function fromExecutionContextRows(rows: unknown, where: string): ExecutionContext[] {
  return parseRow(rowList, where, rows).map((columns) =>
    parseRow(executionContextSchema, where, {
      id: columns['id'],
      tenantId: columns['tenant_id'],
      conversationId: columns['conversation_id'],
      pathId: columns['path_id'],
      status: columns['status'],
      sandboxId: columns['sandbox_id'],
      error: columns['error'],
      createdAt: columns['created_at'],
      lastUsedAt: columns['last_used_at'],
      expiresAt: columns['expires_at'],
      terminatedAt: columns['terminated_at'],
    }),
  );
}
