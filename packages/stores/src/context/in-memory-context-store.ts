// Contexts in a Map, for development and tests: the same rules and the same results as SQL, gone with the process.
// Bounded by what the caller puts in; no factory chooses it in production.
import type { InMemoryConversationData } from '../conversation/in-memory-conversation-data.ts';
import { parseInput } from '../schema/parse.ts';
import { parseUpdatedBy, type WriteOptions } from '../store-options.ts';
import { contextIdentitySchema, contextInputSchema, nodeIdsSchema } from './context-schema.ts';
import type { ConversationContextStore } from './context-store.ts';
import type { ContextIdentity, ConversationContext } from './context.ts';
import { conversationMissing } from './conversation-missing.ts';

export class InMemoryConversationContextStore implements ConversationContextStore {
  readonly #contexts = new Map<string, ConversationContext>();
  readonly #data: InMemoryConversationData | undefined;

  /** @param data the conversations there are, in place of the foreign key; without it every one counts as there */
  constructor(data?: InMemoryConversationData) {
    this.#data = data;
  }

  async load(identity: ContextIdentity): Promise<ConversationContext | null> {
    const owner = parseInput(contextIdentitySchema, 'identity', identity);
    const context = this.#contexts.get(keyOf(owner));
    // A context goes with its conversation, as the cascade does it. A copy, as a row read from SQL would be.
    return context === undefined || !this.#isThere(owner) ? null : structuredClone(context);
  }

  async save(
    identity: ContextIdentity,
    value: ConversationContext,
    options: WriteOptions = {},
  ): Promise<void> {
    const owner = parseInput(contextIdentitySchema, 'identity', identity);
    // Parsing makes the copy that keeps later changes of the caller's object out.
    const context = parseInput(contextInputSchema, 'value', value);
    this.#write(owner, context, options);
  }

  async mergeActiveNodeIds(
    identity: ContextIdentity,
    ids: readonly string[],
    options: WriteOptions = {},
  ): Promise<readonly string[]> {
    const owner = parseInput(contextIdentitySchema, 'identity', identity);
    const added = parseInput(nodeIdsSchema, 'ids', ids);
    // Nothing is awaited between reading and writing: no other merge can come in between.
    const before = this.#contexts.get(keyOf(owner)) ?? { activeNodeIds: [] };
    const activeNodeIds = [...new Set([...before.activeNodeIds, ...added])];
    this.#write(owner, { ...before, activeNodeIds }, options);
    return [...activeNodeIds];
  }

  #write(owner: ContextIdentity, context: ConversationContext, options: WriteOptions): void {
    // Refused here as SQL would be; who wrote is not kept, nobody could ask for it.
    parseUpdatedBy(options);
    if (!this.#isThere(owner)) throw conversationMissing(owner);
    this.#contexts.set(keyOf(owner), context);
  }

  #isThere({ tenantId, conversationId }: ContextIdentity): boolean {
    return this.#data === undefined || this.#data.conversations.get(conversationId)?.tenantId === tenantId;
  }
}

/** Of any two ids, without one passing for another. */
function keyOf({ tenantId, conversationId }: ContextIdentity): string {
  return JSON.stringify([tenantId, conversationId]);
}
