// Conversations in memory, for development and tests: the same rules and the same results as SQL, gone with the process.
// The rows are in an InMemoryConversationData, which the path store of the same process shares.
import { randomUUID } from 'node:crypto';
import { parseInput } from '../schema/parse.ts';
import { idSchema } from '../schema/text.ts';
import { requireWritable, type WriteTarget } from './conversation-access.ts';
import { formatCursor, type ListKey, parseCursor, positionAfter } from './conversation-cursor.ts';
import {
  parseAppend,
  parseArchived,
  parseCreate,
  parseGet,
  parseGetMessages,
  parseList,
  parseSharing,
  parseSoftDelete,
} from './conversation-input.ts';
import type {
  AppendMessageInput,
  ConversationPage,
  ConversationSource,
  CreateConversationInput,
  GetConversationInput,
  GetMessagesInput,
  ListConversationsInput,
  SetArchivedStateInput,
  SoftDeleteMessageInput,
  UpdateSharingInput,
} from './conversation-store.ts';
import type { ConversationMessage, ConversationRecord } from './conversation.ts';
import { InMemoryConversationData } from './in-memory-conversation-data.ts';
import { type ConversationWrite, mayRead } from './reading-rule.ts';

export class InMemoryConversationStore implements ConversationSource {
  readonly #data: InMemoryConversationData;

  /** @param data to be shared with an InMemoryConversationPathStore */
  constructor(data: InMemoryConversationData = new InMemoryConversationData()) {
    this.#data = data;
  }

  async createConversation(input: CreateConversationInput): Promise<{ readonly conversationId: string }> {
    const parsed = parseCreate(input);
    const createdAt = this.#data.stamp();
    const conversation: ConversationRecord = {
      ...parsed,
      id: randomUUID(),
      authorizationModel: 'supabase_rbac',
      createdAt,
      updatedAt: createdAt,
    };
    this.#data.conversations.set(conversation.id, conversation);
    this.#data.createPrimaryPath(conversation);
    return { conversationId: conversation.id };
  }

  async appendMessage(input: AppendMessageInput): Promise<{ readonly messageId: string }> {
    const parsed = parseAppend(input);
    const conversation = this.#requireWritable(parsed, { kind: 'append', role: parsed.role });
    const path = this.#data.openPathOf(conversation);
    const createdAt = this.#data.stamp();
    const { tenantId: _, metadata, ...message } = parsed;
    const id = randomUUID();
    this.#data.messages.set(id, {
      ...message,
      // As jsonb would give it back.
      ...(metadata !== undefined && { metadata: JSON.parse(JSON.stringify(metadata)) as typeof metadata }),
      id,
      createdAt,
      pathId: path.id,
      sequenceInPath: path.lastSequence + 1,
      effectiveSequence: this.#data.nextEffectiveSequence(path),
      messageType: 'standard',
      isPinned: false,
    });
    this.#data.paths.set(path.id, { ...path, lastSequence: path.lastSequence + 1, updatedAt: createdAt });
    this.#update(conversation, { lastMessageAt: createdAt });
    return { messageId: id };
  }

  async softDeleteMessage(input: SoftDeleteMessageInput): Promise<void> {
    const parsed = parseSoftDelete(input);
    this.#requireWritable(parsed, { kind: 'delete message' });
    const message = this.#data.messages.get(parsed.messageId);
    if (message?.conversationId !== parsed.conversationId || message.deletedAt !== undefined) return;
    this.#data.messages.set(message.id, { ...message, deletedAt: this.#data.stamp() });
  }

  async getMessages(input: GetMessagesInput): Promise<readonly ConversationMessage[] | null> {
    const { conversationId, limit, ...caller } = parseGetMessages(input);
    const conversation = this.#data.conversations.get(conversationId);
    if (conversation === undefined || !mayRead(conversation, caller)) return null;
    return this.#data
      .messagesOf(conversationId)
      .filter(({ deletedAt }) => deletedAt === undefined)
      .slice(-limit)
      .map((message) => this.#data.messageOf(message));
  }

  async listConversations(input: ListConversationsInput): Promise<ConversationPage> {
    const { status, limit, cursor, ...caller } = parseList(input);
    const position = cursor === undefined ? undefined : parseCursor(cursor);
    const readable = [...this.#data.conversations.values()]
      .filter((conversation) => mayRead(conversation, caller))
      .filter(({ archivedAt }) => status === 'all' || (status === 'archived') === (archivedAt !== undefined))
      .map((conversation) => ({ conversation, key: keyOf(conversation) }))
      .sort((one, other) => compareKeys(other.key, one.key));
    const following =
      position?.kind === 'moved'
        ? readable.filter(({ key }) => compareKeys(key, position) > 0).toReversed()
        : readable.filter(({ key }) => position === undefined || compareKeys(key, position) < 0);
    const page = following.slice(0, limit);
    const next = positionAfter(position, {
      keys: page.map(({ key }) => key),
      isCut: following.length > limit,
      hasMoved:
        position?.kind === 'newest first' &&
        readable.some(({ key }) => timeOf(key.lastMessageAt) > timeOf(position.newest)),
    });
    return {
      conversations: page.map(({ conversation }) => structuredClone(conversation)),
      hasMore: next !== undefined,
      ...(next !== undefined && { nextCursor: formatCursor(next) }),
    };
  }

  async getConversation(input: GetConversationInput): Promise<ConversationRecord | null> {
    const { conversationId, ...caller } = parseGet(input);
    const conversation = await this.readRow(conversationId);
    return conversation !== null && mayRead(conversation, caller) ? conversation : null;
  }

  async updateSharing(input: UpdateSharingInput): Promise<void> {
    const { tenantId: _tenant, conversationId: _id, userId: _user, ...changes } = parseSharing(input);
    this.#update(this.#requireWritable(input, { kind: 'share' }), changes);
  }

  async setArchivedState(input: SetArchivedStateInput): Promise<void> {
    const parsed = parseArchived(input);
    const conversation = this.#requireWritable(parsed, { kind: 'archive' });
    const { archivedAt, ...unarchived } = conversation;
    this.#update(unarchived, parsed.archived ? { archivedAt: archivedAt ?? this.#data.stamp() } : {});
  }

  writeRow<T>(_conversationId: string, write: () => Promise<T>): Promise<T> {
    return write();
  }

  async readRow(conversationId: string): Promise<ConversationRecord | null> {
    const conversation = this.#data.conversations.get(parseInput(idSchema, 'conversationId', conversationId));
    // A copy, as a row read from SQL would be: a caller that changes it must not change the store.
    return conversation === undefined ? null : structuredClone(conversation);
  }

  #requireWritable(target: WriteTarget, write: ConversationWrite): ConversationRecord {
    return requireWritable(this.#data.conversations.get(target.conversationId) ?? null, target, write);
  }

  #update(conversation: ConversationRecord, changes: Partial<ConversationRecord>): void {
    const updatedAt = this.#data.stamp();
    this.#data.conversations.set(conversation.id, { ...conversation, ...changes, updatedAt });
  }
}

function keyOf({ lastMessageAt, createdAt, id }: ConversationRecord): ListKey {
  return {
    lastMessageAt: lastMessageAt?.toISOString() ?? '-infinity',
    createdAt: createdAt.toISOString(),
    id,
  };
}

function compareKeys(one: ListKey, other: ListKey): number {
  return (
    compare(timeOf(one.lastMessageAt), timeOf(other.lastMessageAt)) ||
    compare(timeOf(one.createdAt), timeOf(other.createdAt)) ||
    compare(one.id, other.id)
  );
}

function compare<T extends string | number>(one: T, other: T): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function timeOf(text: string): number {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  return text === '-infinity' ? Number.NEGATIVE_INFINITY : Date.parse(text);
}
