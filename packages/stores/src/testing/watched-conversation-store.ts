// A conversation store in memory that counts how often its rows are read, and whose next write can be made to fail
// before or after it did its work.
import type {
  AppendMessageInput,
  SetArchivedStateInput,
  SoftDeleteMessageInput,
  UpdateSharingInput,
} from '../conversation/conversation-store.ts';
import type { ConversationRecord } from '../conversation/conversation.ts';
import type { InMemoryConversationData } from '../conversation/in-memory-conversation-data.ts';
import { InMemoryConversationStore } from '../conversation/in-memory-conversation-store.ts';
import type { ReadOptions } from '../store-options.ts';
import { NextCall } from './next-call.ts';

export class WatchedConversationStore extends InMemoryConversationStore {
  readonly reads: string[] = [];
  readonly signals: (AbortSignal | undefined)[] = [];
  readonly next = new NextCall();
  readonly #data: InMemoryConversationData;

  constructor(data: InMemoryConversationData) {
    super(data);
    this.#data = data;
  }

  override async readRow(conversationId: string, options?: ReadOptions): Promise<ConversationRecord | null> {
    this.reads.push(conversationId);
    this.signals.push(options?.signal);
    return this.next.run(() => super.readRow(conversationId));
  }

  override appendMessage(input: AppendMessageInput): Promise<{ readonly messageId: string }> {
    return this.next.run(() => super.appendMessage(input));
  }

  override softDeleteMessage(input: SoftDeleteMessageInput): Promise<void> {
    return this.next.run(() => super.softDeleteMessage(input));
  }

  override updateSharing(input: UpdateSharingInput): Promise<void> {
    return this.next.run(() => super.updateSharing(input));
  }

  override setArchivedState(input: SetArchivedStateInput): Promise<void> {
    return this.next.run(() => super.setArchivedState(input));
  }

  /** Changes the row as somebody would who doesn't go through any store. */
  plant(conversationId: string, changes: Partial<ConversationRecord>): void {
    const conversation = this.#data.conversations.get(conversationId);
    if (conversation === undefined) throw new Error(`there is no conversation ${conversationId}`);
    this.#data.conversations.set(conversationId, { ...conversation, ...changes });
  }
}
