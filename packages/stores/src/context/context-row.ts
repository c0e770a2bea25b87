// A context as a row of `conversation_contexts`, both ways. The columns are named one by one: `*` would make a new column
// part of every answer.
import * as z from 'zod';
import { InvalidRowError } from '../errors.ts';
import { parseRow } from '../schema/parse.ts';
import { contextIdentitySchema, contextSchema } from './context-schema.ts';
import type { ContextIdentity, ConversationContext } from './context.ts';

export const contextTable = 'conversation_contexts';

export const contextColumns =
  'tenant_id,conversation_id,active_node_ids,trace_id,root_span_name,root_span_id';

const rowObject = z.record(z.string(), z.unknown(), { error: 'must be an object' });

/** The whole row: null where the context has no word, so that an upsert clears what an earlier one had set. */
export function toContextRow(
  identity: ContextIdentity,
  value: ConversationContext,
  updatedBy: string | null,
): Record<string, unknown> {
  return {
    tenant_id: identity.tenantId,
    conversation_id: identity.conversationId,
    active_node_ids: value.activeNodeIds,
    trace_id: value.traceId ?? null,
    root_span_name: value.rootSpanName ?? null,
    root_span_id: value.rootSpanId ?? null,
    updated_by: updatedBy,
  };
}

/**
 * @param where names the row in the error
 * @throws InvalidRowError, also for the row of another conversation or tenant (R4)
 */
export function fromContextRow(row: unknown, identity: ContextIdentity, where: string): ConversationContext {
  const columns = parseRow(rowObject, where, row);
  const owner = parseRow(contextIdentitySchema, where, {
    tenantId: columns['tenant_id'],
    conversationId: columns['conversation_id'],
  });
  if (owner.tenantId !== identity.tenantId || owner.conversationId !== identity.conversationId) {
    throw new InvalidRowError(`the row in ${where} belongs to another conversation`);
  }
  return parseRow(contextSchema, where, {
    activeNodeIds: columns['active_node_ids'],
    traceId: columns['trace_id'],
    rootSpanName: columns['root_span_name'],
    rootSpanId: columns['root_span_id'],
  });
}
