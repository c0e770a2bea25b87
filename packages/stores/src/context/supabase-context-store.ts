// Contexts in the table `conversation_contexts`, through the Data API. Holds nothing itself; a merge is one statement in
// the database, never a read and a write.
import { SourceError } from '../errors.ts';
import { parseInput, parseRow } from '../schema/parse.ts';
import { parseUpdatedBy, type ReadOptions, type WriteOptions } from '../store-options.ts';
import {
  askSupabase,
  openTable,
  type SupabaseReply,
  type SupabaseSource,
  type SupabaseTable,
  type SupabaseTableOptions,
  toReadRequest,
} from '../supabase/ask-supabase.ts';
import { formatList } from '../supabase/format-list.ts';
import { contextColumns, contextTable, fromContextRow, toContextRow } from './context-row.ts';
import { contextIdentitySchema, contextInputSchema, nodeIdsSchema } from './context-schema.ts';
import type { ConversationContextStore } from './context-store.ts';
import type { ContextIdentity, ConversationContext } from './context.ts';
import { conversationMissing } from './conversation-missing.ts';

/** What PostgreSQL answers when the row that a foreign key names is not there. */
const foreignKeyViolation = '23503';

export class SupabaseConversationContextStore implements ConversationContextStore {
  readonly #table: SupabaseTable;

  /** @param supabase a client with the service role's key; the table is service_role's alone */
  constructor(supabase: SupabaseSource, options: SupabaseTableOptions = {}) {
    this.#table = openTable(supabase, contextTable, options);
  }

  async load(identity: ContextIdentity, options: ReadOptions = {}): Promise<ConversationContext | null> {
    const owner = parseInput(contextIdentitySchema, 'identity', identity);
    const row = await askSupabase(this.#table, toReadRequest(options), (signal) =>
      this.#table
        .from()
        .select(contextColumns)
        .filter('tenant_id', 'in', formatList([owner.tenantId]))
        .filter('conversation_id', 'in', formatList([owner.conversationId]))
        .abortSignal(signal)
        .retry(false)
        .maybeSingle(),
    );
    return row === null ? null : fromContextRow(row, owner, this.#where(owner));
  }

  async save(
    identity: ContextIdentity,
    value: ConversationContext,
    options: WriteOptions = {},
  ): Promise<void> {
    const owner = parseInput(contextIdentitySchema, 'identity', identity);
    const context = parseInput(contextInputSchema, 'value', value);
    const row = toContextRow(owner, context, parseUpdatedBy(options));
    await this.#write(owner, (signal) =>
      this.#table
        .from()
        .upsert(row, { onConflict: 'tenant_id,conversation_id' })
        .select('tenant_id')
        .abortSignal(signal)
        .single(),
    );
  }

  async mergeActiveNodeIds(
    identity: ContextIdentity,
    ids: readonly string[],
    options: WriteOptions = {},
  ): Promise<readonly string[]> {
    const owner = parseInput(contextIdentitySchema, 'identity', identity);
    const parameters = {
      of_tenant_id: owner.tenantId,
      of_conversation_id: owner.conversationId,
      node_ids: parseInput(nodeIdsSchema, 'ids', ids),
      author: parseUpdatedBy(options),
    };
    const merged = await this.#write(owner, (signal) =>
      this.#table.call('merge_active_node_ids', parameters).abortSignal(signal),
    );
    return parseRow(nodeIdsSchema, this.#where(owner), merged);
  }

  async #write(
    owner: ContextIdentity,
    send: (signal: AbortSignal) => PromiseLike<SupabaseReply>,
  ): Promise<unknown> {
    try {
      return await askSupabase(this.#table, { action: 'write' }, send);
    } catch (error) {
      if (error instanceof SourceError && error.sourceCode === foreignKeyViolation) {
        throw conversationMissing(owner);
      }
      throw error;
    }
  }

  #where({ conversationId }: ContextIdentity): string {
    return `${this.#table.name} of ${JSON.stringify(conversationId)}`;
  }
}
