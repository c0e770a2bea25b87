// What a statement does in SQL, on the rows in memory: one row put in place with its time, a message appended, a path
// taken out with all that refers to it. Knows no rule of who may do what; shares the rows with the conversations.
import { randomUUID } from 'node:crypto';
import type {
  InMemoryConversationData,
  MessageRow,
  PathRow,
} from '../conversation/in-memory-conversation-data.ts';
import type { ConversationMessage, ConversationRecord } from '../conversation/conversation.ts';
import { isShown, messagesHeldBy } from './path-rules.ts';
import type { ConversationPath } from './path.ts';

/** What a message brings along; its id, its place and its time are new. */
export type MessageContent = Pick<MessageRow, 'role' | 'content' | 'messageType' | 'isPinned'> &
  Partial<MessageRow>;

/** Where a path begins and what it is called; the rest of it is new. */
export type PathPlace = Pick<
  PathRow,
  'tenantId' | 'conversationId' | 'parentPathId' | 'branchPointMessageId' | 'name' | 'description'
>;

export class InMemoryPathRows {
  readonly #data: InMemoryConversationData;

  constructor(data: InMemoryConversationData) {
    this.#data = data;
  }

  putConversation(conversation: ConversationRecord): void {
    this.#data.conversations.set(conversation.id, { ...conversation, updatedAt: this.#data.stamp() });
  }

  putPath(path: PathRow): ConversationPath {
    const row = { ...path, updatedAt: this.#data.stamp() };
    this.#data.paths.set(row.id, row);
    return this.withCounts(row);
  }

  putMessage(message: MessageRow): ConversationMessage {
    this.#data.messages.set(message.id, message);
    return this.#data.messageOf(message);
  }

  withCounts(row: PathRow): ConversationPath {
    const { lastSequence: _, ...path } = row;
    const messages = [...this.#data.messages.values()];
    const paths = [...this.#data.paths.values()];
    return {
      ...structuredClone(path),
      messageCount: messages.filter((message) => message.pathId === path.id && isShown(message)).length,
      branchCount: paths.filter(({ parentPathId, isActive }) => isActive && parentPathId === path.id).length,
    };
  }

  createPath(place: PathPlace): ConversationPath {
    return this.putPath({
      ...place,
      id: randomUUID(),
      isPrimary: false,
      isActive: true,
      lastSequence: 0,
      createdAt: this.#data.stamp(),
      updatedAt: this.#data.stamp(),
    });
  }

  /** A conversation whose active path this was goes on with `next`, or with its primary one. */
  leavePath(path: PathRow, next?: PathRow): void {
    const conversation = this.#data.conversations.get(path.conversationId);
    if (conversation?.activePathId !== path.id) return;
    const { activePathId: _, ...rest } = conversation;
    this.putConversation(next === undefined ? rest : { ...rest, activePathId: next.id });
  }

  /** With its messages; what refers to them from merges forgets them, as the foreign keys do. */
  removePath(path: PathRow): void {
    const removed = new Set(messagesHeldBy(this.#data, path).map(({ id }) => id));
    for (const id of removed) this.#data.messages.delete(id);
    this.#data.paths.delete(path.id);
    for (const other of this.#data.pathsOf(path.conversationId)) {
      if (other.mergedToPathId !== path.id) continue;
      const { mergedToPathId: _path, mergeSummaryMessageId: _summary, ...rest } = other;
      this.putPath(rest);
    }
  }

  /** @returns the ids of the messages, which go to the end of the path in their order */
  append(target: PathRow, contents: readonly MessageContent[]): readonly string[] {
    let path = target;
    return contents.map((content) => {
      const id = randomUUID();
      const createdAt = this.#data.stamp();
      this.putMessage({
        ...structuredClone(content),
        id,
        conversationId: path.conversationId,
        createdAt,
        pathId: path.id,
        sequenceInPath: path.lastSequence + 1,
        effectiveSequence: this.#data.nextEffectiveSequence(path),
      });
      path = { ...path, lastSequence: path.lastSequence + 1 };
      this.putPath(path);
      const conversation = this.#data.conversations.get(path.conversationId);
      if (conversation !== undefined) this.putConversation({ ...conversation, lastMessageAt: createdAt });
      return id;
    });
  }
}
