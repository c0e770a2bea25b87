// Conversations and messages as rows of their tables, both ways. Owns the names of the columns.
import * as z from 'zod';
import { parseRowWithJson } from '../schema/parse.ts';
import { idSchema } from '../schema/text.ts';
import type { ListKey } from './conversation-cursor.ts';
import type { ParsedCreate } from './conversation-input.ts';
import { conversationSchema, messageSchema } from './conversation-schema.ts';
import type { ConversationMessage, ConversationRecord } from './conversation.ts';

export const conversationTable = 'conversations';

export const conversationColumns: string =
  'id,tenant_id,user_id,trace_id,root_span_name,root_span_id,share_audience,tenant_access,authorization_model,' +
  'authorization_spec,persona_id,jurisdictions,title,active_path_id,archived_at,created_at,updated_at,last_message_at';

type Columns = Readonly<Record<string, unknown>>;

const columnsSchema: z.ZodType<Columns> = z.record(z.string(), z.unknown(), {
  error: 'must be an object',
});

/** For `create_conversation`, which fills the rest. */
export function toConversationRow(conversation: ParsedCreate): Columns {
  return {
    tenant_id: conversation.tenantId,
    user_id: conversation.userId ?? null,
    share_audience: conversation.shareAudience,
    tenant_access: conversation.tenantAccess,
    title: conversation.title ?? null,
    persona_id: conversation.personaId ?? null,
    jurisdictions: conversation.jurisdictions,
  };
}

/**
 * @param where names the row in the error
 * @throws InvalidRowError
 */
export function fromConversationRow(row: unknown, where: string): ConversationRecord {
  const columns = parseRowWithJson(columnsSchema, where, row);
  return parseRowWithJson(conversationSchema, where, {
    id: columns['id'],
    tenantId: columns['tenant_id'],
    userId: columns['user_id'],
    traceId: columns['trace_id'],
    rootSpanName: columns['root_span_name'],
    rootSpanId: columns['root_span_id'],
    shareAudience: columns['share_audience'],
    tenantAccess: columns['tenant_access'],
    authorizationModel: columns['authorization_model'],
    authorizationSpec: columns['authorization_spec'],
    personaId: columns['persona_id'],
    jurisdictions: columns['jurisdictions'],
    title: columns['title'],
    activePathId: columns['active_path_id'],
    archivedAt: columns['archived_at'],
    createdAt: columns['created_at'],
    updatedAt: columns['updated_at'],
    lastMessageAt: columns['last_message_at'],
  });
}

/**
 * A message as `message_with_branches` gives it.
 *
 * @throws InvalidRowError
 */
export function fromMessageRow(row: unknown, where: string): ConversationMessage {
  const columns = parseRowWithJson(columnsSchema, where, row);
  const branchedToPaths = columns['branched_to_paths'];
  return parseRowWithJson(messageSchema, where, {
    id: columns['id'],
    conversationId: columns['conversation_id'],
    role: columns['role'],
    content: columns['content'],
    metadata: columns['metadata'],
    userId: columns['user_id'],
    createdAt: columns['created_at'],
    deletedAt: columns['deleted_at'],
    pathId: columns['path_id'],
    sequenceInPath: columns['sequence_in_path'],
    effectiveSequence: columns['effective_sequence'],
    isBranchPoint: Array.isArray(branchedToPaths) && branchedToPaths.length > 0,
    branchedToPaths,
    messageType: columns['message_type'],
    isPinned: columns['is_pinned'],
    pinnedAt: columns['pinned_at'],
    pinnedBy: columns['pinned_by'],
  });
}

const messagesAnswer = z.object({ conversation: z.unknown(), messages: z.array(z.unknown()) });

/**
 * What `read_conversation_messages` answers.
 *
 * @throws InvalidRowError
 */
export function fromMessagesAnswer(
  answer: unknown,
  where: string,
): { readonly conversation: ConversationRecord; readonly messages: readonly ConversationMessage[] } {
  const { conversation, messages } = parseRowWithJson(messagesAnswer, where, answer);
  return {
    conversation: fromConversationRow(conversation, where),
    messages: messages.map((row) => fromMessageRow(row, where)),
  };
}

const listAnswer = z.object({ conversations: z.array(z.unknown()), hasMoved: z.boolean().default(false) });

const listKeyColumns = z.object({
  id: z.string(),
  created_at: z.string(),
  last_message_at: z.string().exactOptional(),
});

export interface ListedRow {
  readonly conversation: ConversationRecord;
  /** With the times as PostgreSQL wrote them. */
  readonly key: ListKey;
}

/**
 * What `list_conversations` and `list_moved_conversations` answer.
 *
 * @throws InvalidRowError
 */
export function fromListAnswer(
  answer: unknown,
  where: string,
): { readonly rows: readonly ListedRow[]; readonly hasMoved: boolean } {
  const { conversations, hasMoved } = parseRowWithJson(listAnswer, where, answer);
  const rows = conversations.map((row) => ({
    conversation: fromConversationRow(row, where),
    key: fromListKeyColumns(row, where),
  }));
  return { rows, hasMoved };
}

function fromListKeyColumns(row: unknown, where: string): ListKey {
  const columns = parseRowWithJson(listKeyColumns, where, row);
  return {
    lastMessageAt: columns.last_message_at ?? '-infinity',
    createdAt: columns.created_at,
    id: columns.id,
  };
}

/**
 * The id that a writing function answers with.
 *
 * @throws InvalidRowError
 */
export function fromWriteAnswer(
  answer: unknown,
  name: 'conversationId' | 'messageId',
  where: string,
): string {
  const ids = parseRowWithJson(columnsSchema, where, answer);
  return parseRowWithJson(idSchema, where, ids[name]);
}
