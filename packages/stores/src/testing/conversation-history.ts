// Generated histories: the same steps, taken by the store under test and by one in memory, must come to the same things
// at every step (#11). Ids and times differ, so conversations and messages are named by the order of their creation.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ConversationStore } from '../conversation/conversation-store.ts';
import { messageRoles, shareAudiences, tenantAccesses } from '../conversation/conversation.ts';
import { InMemoryConversationStore } from '../conversation/in-memory-conversation-store.ts';
import { type ConversationStoreUnderTest, newTenant } from './conversation-under-test.ts';

const by = fc.record({
  tenant: fc.constantFrom(0, 0, 0, 1),
  userId: fc.constantFrom('ann', 'ann', 'bob', undefined),
});

const shareAudience = fc.constantFrom(...shareAudiences);
const tenantAccess = fc.constantFrom(...tenantAccesses);
const conversation = fc.nat(4);

const step = fc.oneof(
  fc.record({ kind: fc.constant('create'), by, shareAudience, tenantAccess }),
  fc.record({ kind: fc.constant('append'), by, conversation, role: fc.constantFrom(...messageRoles) }),
  fc.record({ kind: fc.constant('append'), by, conversation, role: fc.constantFrom(...messageRoles) }),
  fc.record({ kind: fc.constant('delete'), by, conversation, message: fc.nat(6) }),
  fc.record({ kind: fc.constant('share'), by, conversation, shareAudience, tenantAccess }),
  fc.record({ kind: fc.constant('archive'), by, conversation, archived: fc.boolean() }),
  fc.record({ kind: fc.constant('read'), by, conversation, limit: fc.integer({ min: 1, max: 4 }) }),
  fc.record({
    kind: fc.constant('list'),
    by,
    status: fc.constantFrom('active', 'archived', 'all'),
    limit: fc.integer({ min: 1, max: 3 }),
  }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

type Caller = { readonly tenantId: string; readonly userId?: string };

/** One store, as the history has made it so far. */
class Run {
  readonly #store: ConversationStore;
  readonly #tenants: readonly string[];
  readonly #conversations: string[] = [];
  readonly #messages: string[] = [];

  constructor(store: ConversationStore, tenants: readonly string[]) {
    this.#store = store;
    this.#tenants = tenants;
  }

  async take(step: Step): Promise<unknown> {
    try {
      return await this.#take(step);
    } catch (error) {
      return (error as { code: unknown }).code;
    }
  }

  async #take(step: Step): Promise<unknown> {
    const tenantId = this.#tenants[step.by.tenant] ?? '';
    const caller: Caller = { tenantId, ...(step.by.userId !== undefined && { userId: step.by.userId }) };
    if (step.kind === 'create') {
      const { shareAudience, tenantAccess } = step;
      const created = await this.#store.createConversation({ ...caller, shareAudience, tenantAccess });
      return this.#conversations.push(created.conversationId);
    }
    if (step.kind === 'list') return this.#pages({ ...caller, status: step.status, limit: step.limit });
    const target = { ...caller, conversationId: this.#conversations[step.conversation] ?? 'nowhere' };
    const named = { ...target, userId: caller.userId ?? 'nobody' };
    switch (step.kind) {
      case 'append': {
        const content = `message ${this.#messages.length}`;
        const { messageId } = await this.#store.appendMessage({ ...target, role: step.role, content });
        return this.#messages.push(messageId);
      }
      case 'delete':
        return this.#store.softDeleteMessage({
          ...target,
          messageId: this.#messages[step.message] ?? 'nothing',
        });
      case 'share': {
        const { shareAudience, tenantAccess } = step;
        return this.#store.updateSharing({ ...named, shareAudience, tenantAccess });
      }
      case 'archive':
        return this.#store.setArchivedState({ ...named, archived: step.archived });
      case 'read':
      default:
        return this.#view(target, step.limit);
    }
  }

  async #view(target: Caller & { readonly conversationId: string }, limit: number): Promise<unknown> {
    const conversation = await this.#store.getConversation(target);
    const messages = await this.#store.getMessages({ ...target, limit });
    if (conversation === null) return [null, messages];
    const { id, archivedAt, lastMessageAt, createdAt: _, updatedAt: __, ...fields } = conversation;
    return {
      ...fields,
      conversation: this.#conversations.indexOf(id),
      isArchived: archivedAt !== undefined,
      hasMessage: lastMessageAt !== undefined,
      messages: messages?.map(({ id, content, role, userId, sequenceInPath }) => ({
        message: this.#messages.indexOf(id),
        content,
        role,
        userId,
        sequenceInPath,
      })),
    };
  }

  async #pages(
    input: Caller & { readonly status: 'active' | 'archived' | 'all'; readonly limit: number },
  ): Promise<unknown> {
    const pages: number[][] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#store.listConversations({ ...input, ...(cursor !== undefined && { cursor }) });
      pages.push(page.conversations.map(({ id }) => this.#conversations.indexOf(id)));
      cursor = page.nextCursor;
    } while (cursor !== undefined && pages.length < 100);
    return pages;
  }
}

export function describeConversationHistories(
  name: string,
  { store, runs }: ConversationStoreUnderTest,
): void {
  test(`${name} and a store in memory come to the same things, step by step (#11)`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        const tenants = [newTenant(), newTenant()];
        const tried = new Run(store(), tenants);
        const known = new Run(new InMemoryConversationStore(), tenants);
        for (const taken of steps) expect(await tried.take(taken)).toStrictEqual(await known.take(taken));
      }),
      { numRuns: runs },
    );
  });
}
