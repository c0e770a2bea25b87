// Conversations in Supabase. Owns the requests and what counts as an answer; what takes more than one statement is one
// function of the database (the migration of conversations). Decides every write on a row it has read, and sends the
// facts of the decision along: the database writes only while they are true.
import type { Duration } from '@tidemark/protocol';
import { InvalidRowError, SourceError } from '../errors.ts';
import { parseInput } from '../schema/parse.ts';
import { idSchema } from '../schema/text.ts';
import type { ReadOptions } from '../store-options.ts';
import {
  askSupabase,
  openTable,
  type SupabaseSource,
  type SupabaseTable,
  toReadRequest,
} from '../supabase/ask-supabase.ts';
import { formatList } from '../supabase/format-list.ts';
import { requireWritable, type WriteTarget } from './conversation-access.ts';
import { formatCursor, parseCursor, positionAfter } from './conversation-cursor.ts';
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
import {
  conversationColumns,
  conversationTable,
  fromConversationRow,
  fromListAnswer,
  fromMessagesAnswer,
  fromWriteAnswer,
  toConversationRow,
} from './conversation-row.ts';
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
import { type ConversationWrite, mayRead } from './reading-rule.ts';

/** A write is decided anew when sharing changes under it; nobody shares that often for long. */
const maxDecisions = 5;

export interface SupabaseConversationStoreOptions {
  /** After this a request counts as failed; a write's outcome is unknown then. Default 10 s. */
  readonly deadline?: Duration;
}

export class SupabaseConversationStore implements ConversationSource {
  readonly table: string;
  readonly #table: SupabaseTable;

  /**
   * @param supabase a client with the service role's key; the tables are service_role's alone
   * @param supabaseInternal the client to use for the schema copilot_internal, where all of this is, if it is another one
   */
  constructor(
    supabase: SupabaseSource,
    supabaseInternal: SupabaseSource = supabase,
    options: SupabaseConversationStoreOptions = {},
  ) {
    this.#table = openTable(supabaseInternal, conversationTable, options);
    this.table = this.#table.name;
  }

  async createConversation(input: CreateConversationInput): Promise<{ readonly conversationId: string }> {
    const conversation = toConversationRow(parseCreate(input));
    const answer = await this.#change('create_conversation', { conversation });
    return { conversationId: fromWriteAnswer(answer, 'conversationId', this.table) };
  }

  async appendMessage(input: AppendMessageInput): Promise<{ readonly messageId: string }> {
    const parsed = parseAppend(input);
    const { tenantId: _, conversationId, ...message } = parsed;
    const answer = await this.#write(parsed, { kind: 'append', role: message.role }, (facts) =>
      this.#change('append_message', { conversation_id: conversationId, facts, message }),
    );
    return { messageId: fromWriteAnswer(answer, 'messageId', this.table) };
  }

  async softDeleteMessage(input: SoftDeleteMessageInput): Promise<void> {
    const { messageId, ...target } = parseSoftDelete(input);
    await this.#write(target, { kind: 'delete message' }, (facts) =>
      this.#change('soft_delete_message', {
        conversation_id: target.conversationId,
        facts,
        message_id: messageId,
        updated_by: target.userId ?? null,
      }),
    );
  }

  async getMessages(
    input: GetMessagesInput,
    options: ReadOptions = {},
  ): Promise<readonly ConversationMessage[] | null> {
    const { conversationId, limit, ...caller } = parseGetMessages(input);
    const parameters = { conversation_id: conversationId, row_limit: limit };
    const answer = await this.#read('read_conversation_messages', parameters, options);
    if (answer === null) return null;
    const { conversation, messages } = fromMessagesAnswer(answer, this.#where(conversationId));
    this.#requireSame(conversation, conversationId);
    return mayRead(conversation, caller) ? messages : null;
  }

  async listConversations(
    input: ListConversationsInput,
    options: ReadOptions = {},
  ): Promise<ConversationPage> {
    const { status, limit, cursor, ...caller } = parseList(input);
    const position = cursor === undefined ? undefined : parseCursor(cursor);
    const name = position?.kind === 'moved' ? 'list_moved_conversations' : 'list_conversations';
    const answer = await this.#read(
      name,
      {
        tenant_id: caller.tenantId,
        user_id: caller.userId ?? null,
        status,
        // One more than fits on the page: whether there are more.
        row_limit: limit + 1,
        after: position ?? null,
      },
      options,
    );
    const { rows, hasMoved } = fromListAnswer(answer, `${this.table} of ${JSON.stringify(caller.tenantId)}`);
    const page = rows.slice(0, limit);
    const keys = page.map(({ key }) => key);
    const next = positionAfter(position, { keys, isCut: rows.length > limit, hasMoved });
    return {
      // The list is filtered in SQL; whatever sits between us and the table, nothing else leaves here (R4).
      conversations: page
        .map(({ conversation }) => conversation)
        .filter((conversation) => mayRead(conversation, caller)),
      hasMore: next !== undefined,
      ...(next !== undefined && { nextCursor: formatCursor(next) }),
    };
  }

  async getConversation(
    input: GetConversationInput,
    options?: ReadOptions,
  ): Promise<ConversationRecord | null> {
    const { conversationId, ...caller } = parseGet(input);
    const conversation = await this.readRow(conversationId, options);
    return conversation !== null && mayRead(conversation, caller) ? conversation : null;
  }

  async updateSharing(input: UpdateSharingInput): Promise<void> {
    const { tenantId, conversationId, userId, ...changes } = parseSharing(input);
    await this.#write({ tenantId, conversationId, userId }, { kind: 'share' }, (facts) =>
      this.#change('update_conversation_sharing', {
        conversation_id: conversationId,
        facts,
        changes,
        updated_by: userId,
      }),
    );
  }

  async setArchivedState(input: SetArchivedStateInput): Promise<void> {
    const { archived, ...target } = parseArchived(input);
    await this.#write(target, { kind: 'archive' }, (facts) =>
      this.#change('set_conversation_archived', {
        conversation_id: target.conversationId,
        facts,
        archived,
        updated_by: target.userId,
      }),
    );
  }

  writeRow<T>(_conversationId: string, write: () => Promise<T>): Promise<T> {
    return write();
  }

  async readRow(conversationId: string, options: ReadOptions = {}): Promise<ConversationRecord | null> {
    const id = parseInput(idSchema, 'conversationId', conversationId);
    const row = await askSupabase(this.#table, toReadRequest(options), (signal) =>
      this.#table
        .from()
        .select(conversationColumns)
        .filter('id', 'in', formatList([id]))
        .abortSignal(signal)
        .retry(false)
        .maybeSingle(),
    );
    if (row === null) return null;
    const conversation = fromConversationRow(row, this.#where(id));
    this.#requireSame(conversation, id);
    return conversation;
  }

  /** Reads, decides, writes; again, if what the decision rests on has changed in between. */
  async #write(
    target: WriteTarget,
    write: ConversationWrite,
    send: (facts: object) => Promise<unknown>,
  ): Promise<unknown> {
    for (let decision = 1; decision <= maxDecisions; decision += 1) {
      const conversation = requireWritable(await this.readRow(target.conversationId), target, write);
      const answer = await send(toAccessFacts(conversation));
      if (answer !== null) return answer;
    }
    throw new SourceError(
      `the write of ${this.#where(target.conversationId)} failed: who may write it changed ${maxDecisions} times meanwhile`,
      { sourceCode: '', status: 200 },
    );
  }

  #change(name: string, parameters: object): Promise<unknown> {
    return askSupabase(this.#table, { action: 'write' }, (signal) =>
      this.#table.call(name, parameters).abortSignal(signal),
    );
  }

  #read(name: string, parameters: object, options: ReadOptions): Promise<unknown> {
    return askSupabase(this.#table, toReadRequest(options), (signal) =>
      this.#table.call(name, parameters).abortSignal(signal),
    );
  }

  /** R4: whatever sits between us and the table, another row than the one asked for is an error and never an answer. */
  #requireSame(conversation: ConversationRecord, id: string): void {
    if (conversation.id !== id) {
      throw new InvalidRowError(`the row in ${this.#where(id)} is another conversation`);
    }
  }

  #where(conversationId: string): string {
    return `${this.table} of ${JSON.stringify(conversationId)}`;
  }
}

/** As `access_facts` in SQL tells them. */
function toAccessFacts(conversation: ConversationRecord): object {
  const { tenantId, userId, shareAudience, tenantAccess, authorizationModel } = conversation;
  return {
    tenantId,
    userId: userId ?? null,
    shareAudience,
    tenantAccess,
    authorizationModel,
    fallbackShareAudience: conversation.authorizationSpec?.fallbackShareAudience ?? null,
  };
}
