// One exchange of a conversation: what the model is shown of its history, and what is kept of the answer. Only whole
// exchanges are kept; a request that was refused or broke off leaves no trace, and is simply sent again. Of what is asked
// the user's messages are kept, and no others: instructions of one request must not become those of everybody's next.
import type { LlmMessage } from '@tidemark/stores';
import type { Caller } from '../access/caller.ts';
import { requireWritable } from '../access/conversation-access.ts';
import type { Stores } from '../stores.ts';

type Parts = Pick<Stores, 'configs' | 'conversations' | 'paths' | 'conversationEvents' | 'listEvents'>;

export interface ExchangeRequest {
  readonly caller: Caller;
  /** Absent: a new conversation, which is created when the exchange is kept. */
  readonly conversationId?: string;
  readonly asked: readonly LlmMessage[];
}

export class Exchange {
  readonly #stores: Parts;
  readonly #request: ExchangeRequest;
  /** What the model is to be shown: the history as far as the configuration goes, then what is asked. */
  readonly messages: readonly LlmMessage[];

  private constructor(stores: Parts, request: ExchangeRequest, history: readonly LlmMessage[]) {
    this.#stores = stores;
    this.#request = request;
    this.messages = [...history, ...request.asked];
  }

  /** @throws Refusal for a conversation that the caller may not read and write: before the model costs anything */
  static async begin(stores: Parts, request: ExchangeRequest): Promise<Exchange> {
    const { caller, conversationId } = request;
    const history =
      conversationId === undefined ? [] : await readHistory(stores, { ...caller, conversationId });
    return new Exchange(stores, request, history);
  }

  /** Keeps what was asked and answered, and tells everybody who listens. @returns the conversation */
  async keep(answer: string): Promise<string> {
    const { conversations, conversationEvents, listEvents } = this.#stores;
    const { caller, asked } = this.#request;
    const { tenantId, userId } = caller;
    const { conversationId } =
      this.#request.conversationId === undefined
        ? await conversations.createConversation({ tenantId, userId })
        : { conversationId: this.#request.conversationId };
    const kept = asked.filter(({ role }) => role === 'user');
    for (const message of [...kept, { role: 'assistant', content: answer } as const]) {
      const { messageId } = await conversations.appendMessage({
        tenantId,
        conversationId,
        userId,
        ...message,
      });
      await conversationEvents.broadcast({ tenantId, conversationId }, 'message', {
        messageId,
        role: message.role,
      });
    }
    await conversationEvents.broadcast({ tenantId, conversationId }, 'done', {});
    await listEvents.broadcast({ tenantId }, 'upsert', { conversationId });
    return conversationId;
  }
}

/** The messages of the active path; how many is the caller's configuration's to say, and that may change at any time. */
async function readHistory(
  { configs, conversations, paths }: Parts,
  { tenantId, userId, conversationId }: Caller & { readonly conversationId: string },
): Promise<readonly LlmMessage[]> {
  const [config] = await Promise.all([
    configs.getConfig({ tenantId, userId }),
    requireWritable(conversations, { tenantId, userId, conversationId }),
  ]);
  const path = await paths.getActivePath({ tenantId, conversationId });
  const messages = path === null ? null : await paths.resolvePathMessages({ tenantId, pathId: path.id });
  const { pathCompressionStrategy, pathSlidingWindowSize, pathMaxMessages } = config;
  const shown = pathCompressionStrategy === 'none' ? pathMaxMessages : pathSlidingWindowSize;
  return (messages ?? []).slice(-shown).map(({ role, content }) => ({ role, content }));
}
