// The rows of conversations, paths and messages in memory, shared by the in-memory stores of all three: the counterpart
// of the tables. Holds what tables hold, and the few facts that follow from the rows; no rule of who may do what.
// Bounded by what the callers put in; no factory chooses it in production.
import { randomUUID } from 'node:crypto';
import { systemClock, type Clock } from '@tidemark/protocol';
import type { ConversationPath } from '../path/path.ts';
import type { ConversationMessage, ConversationRecord } from './conversation.ts';

/** What is counted when somebody asks is not kept. `lastSequence` only grows, so that no number is given twice. */
export type PathRow = Omit<ConversationPath, 'messageCount' | 'branchCount'> & {
  readonly lastSequence: number;
};

export type MessageRow = Omit<ConversationMessage, 'isBranchPoint' | 'branchedToPaths'>;

export class InMemoryConversationData {
  readonly conversations: Map<string, ConversationRecord> = new Map();
  readonly paths: Map<string, PathRow> = new Map();
  /** In the order of appending, over all conversations. */
  readonly messages: Map<string, MessageRow> = new Map();
  readonly #clock: Pick<Clock, 'wallMs'>;
  #lastStampMs = 0;

  constructor(clock: Pick<Clock, 'wallMs'> = systemClock) {
    this.#clock = clock;
  }

  /** The time, later than any it has told before: SQL tells two writes apart by microseconds, a Date could not. */
  stamp(): Date {
    this.#lastStampMs = Math.max(this.#clock.wallMs(), this.#lastStampMs + 1);
    return new Date(this.#lastStampMs);
  }

  pathsOf(conversationId: string): PathRow[] {
    return [...this.paths.values()].filter((path) => path.conversationId === conversationId);
  }

  messagesOf(conversationId: string): MessageRow[] {
    return [...this.messages.values()].filter((message) => message.conversationId === conversationId);
  }

  /** Where messages are appended: the active path while it is open, else the primary one, which is made if need be. */
  openPathOf(conversation: ConversationRecord): PathRow {
    const paths = this.pathsOf(conversation.id);
    return (
      paths.find(({ id, isActive }) => isActive && id === conversation.activePathId) ??
      paths.find(({ isPrimary }) => isPrimary) ??
      this.createPrimaryPath(conversation)
    );
  }

  createPrimaryPath({ id, tenantId }: ConversationRecord): PathRow {
    const createdAt = this.stamp();
    const path: PathRow = {
      id: randomUUID(),
      tenantId,
      conversationId: id,
      isPrimary: true,
      isActive: true,
      lastSequence: 0,
      createdAt,
      updatedAt: createdAt,
    };
    this.paths.set(path.id, path);
    return path;
  }

  /** The message with what follows from the paths. */
  messageOf(row: MessageRow): ConversationMessage {
    const branchedToPaths = this.pathsOf(row.conversationId)
      .filter(({ branchPointMessageId, isActive }) => isActive && branchPointMessageId === row.id)
      .map(({ id }) => id);
    return { ...structuredClone(row), isBranchPoint: branchedToPaths.length > 0, branchedToPaths };
  }

  /** The number that the next message of the path gets among all that the path resolves to. */
  nextEffectiveSequence(path: PathRow): number {
    const branchPoint =
      path.branchPointMessageId === undefined ? undefined : this.messages.get(path.branchPointMessageId);
    return (branchPoint?.effectiveSequence ?? 0) + path.lastSequence + 1;
  }
}
