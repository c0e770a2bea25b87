// Paths in memory, for development and tests: the same rules and the same results as SQL, gone with the process. The
// rows are in an InMemoryConversationData, which the conversation store of the same process shares. No method waits
// between reading and writing: each is as atomic as a function in SQL.
import type {
  InMemoryConversationData,
  MessageRow,
  PathRow,
} from '../conversation/in-memory-conversation-data.ts';
import type { ConversationMessage, ConversationRecord } from '../conversation/conversation.ts';
import {
  parseBranch,
  parseConversation,
  parseCreatePath,
  parseDeletePath,
  parseListPaths,
  parseMerge,
  parseMessage,
  parsePath,
  parsePin,
  parsePreview,
  parseSetActive,
  parseUpdatePath,
} from './path-input.ts';
import { InMemoryPathRows, type MessageContent } from './in-memory-path-rows.ts';
import { type PathRefusal, toRefusalError } from './path-refusal.ts';
import {
  countAppended,
  decideMerge,
  isShown,
  lineageOf,
  type MergeDecision,
  refuseBranch,
  resolveMessages,
} from './path-rules.ts';
import type {
  BranchFromMessageInput,
  ConversationOfTenant,
  ConversationPathStore,
  CreatePathInput,
  DeletePathInput,
  ListPathsInput,
  MergePathInput,
  MessageOfTenant,
  PathOfTenant,
  PinMessageInput,
  SetActivePathInput,
  UpdatePathInput,
} from './path-store.ts';
import type { BranchPoint, ConversationPath, MergedPath, MergePreview, PathResolution } from './path.ts';

interface BranchPlace extends ConversationOfTenant {
  /** Undefined: the path that holds the branch point. */
  readonly parentPathId: string | undefined;
}

export class InMemoryConversationPathStore implements ConversationPathStore {
  readonly #data: InMemoryConversationData;
  readonly #rows: InMemoryPathRows;

  /** @param data of the conversations; the InMemoryConversationStore of the same process has the same */
  constructor(data: InMemoryConversationData) {
    this.#data = data;
    this.#rows = new InMemoryPathRows(data);
  }

  async createPath(input: CreatePathInput): Promise<ConversationPath> {
    const parsed = parseCreatePath(input);
    this.#requireConversation(parsed);
    return this.#createPath(parsed);
  }

  async getPath(identity: PathOfTenant): Promise<ConversationPath | null> {
    const path = this.#findPath(parsePath(identity));
    return path === undefined ? null : this.#rows.withCounts(path);
  }

  async listPaths(input: ListPathsInput): Promise<readonly ConversationPath[] | null> {
    const { includeArchived, ...identity } = parseListPaths(input);
    const conversation = this.#findConversation(identity);
    if (conversation === undefined) return null;
    return this.#data
      .pathsOf(conversation.id)
      .filter(({ isActive }) => isActive || includeArchived)
      .map((path) => this.#rows.withCounts(path));
  }

  async updatePath(input: UpdatePathInput): Promise<ConversationPath> {
    const { tenantId, pathId, ...changes } = parseUpdatePath(input);
    const { name, description, ...rest } = { ...this.#requirePath({ tenantId, pathId }), ...changes };
    return this.#rows.putPath({
      ...rest,
      ...(typeof name === 'string' && { name }),
      ...(typeof description === 'string' && { description }),
    });
  }

  async deletePath(input: DeletePathInput): Promise<void> {
    const { hardDelete, ...identity } = parseDeletePath(input);
    const path = this.#requirePath(identity);
    if (path.isPrimary) refuse({ refused: 'PATH_IS_PRIMARY', subject: path.id });
    const siblings = this.#data.pathsOf(path.conversationId);
    if (hardDelete && siblings.some(({ parentPathId }) => parentPathId === path.id)) {
      refuse({ refused: 'PATH_HAS_BRANCHES', subject: path.id });
    }
    this.#rows.leavePath(path);
    if (hardDelete) this.#rows.removePath(path);
    else this.#rows.putPath({ ...path, isActive: false });
  }

  async resolvePathMessages(identity: PathOfTenant): Promise<readonly ConversationMessage[] | null> {
    const path = this.#findPath(parsePath(identity));
    return path === undefined ? null : this.#resolve(path);
  }

  async getFullPathResolution(identity: PathOfTenant): Promise<PathResolution | null> {
    const path = this.#findPath(parsePath(identity));
    if (path === undefined) return null;
    return {
      path: this.#rows.withCounts(path),
      lineage: lineageOf(this.#data, path).map((ancestor) => this.#rows.withCounts(ancestor)),
      messages: this.#resolve(path),
    };
  }

  async getActivePath(identity: ConversationOfTenant): Promise<ConversationPath | null> {
    const conversation = this.#findConversation(parseConversation(identity));
    if (conversation === undefined) return null;
    const active = this.#data
      .pathsOf(conversation.id)
      .find(({ id, isActive }) => isActive && id === conversation.activePathId);
    return active === undefined ? this.#primaryPath(conversation) : this.#rows.withCounts(active);
  }

  async setActivePath(input: SetActivePathInput): Promise<ConversationPath> {
    const { pathId, ...identity } = parseSetActive(input);
    const conversation = this.#requireConversation(identity);
    const path = this.#requirePath({ tenantId: identity.tenantId, pathId });
    if (path.conversationId !== conversation.id) refuse({ refused: 'PATH_NOT_FOUND', subject: pathId });
    if (!path.isActive) refuse({ refused: 'PATH_IS_ARCHIVED', subject: pathId });
    this.#rows.putConversation({ ...conversation, activePathId: pathId });
    return this.#rows.withCounts(path);
  }

  async branchFromMessage(input: BranchFromMessageInput): Promise<ConversationPath> {
    const { messageId, ...rest } = parseBranch(input);
    const { conversationId } = this.#requireMessage({ tenantId: rest.tenantId, messageId });
    return this.#createPath({ ...rest, conversationId, branchPointMessageId: messageId });
  }

  async getBranchPointsForPath(identity: PathOfTenant): Promise<readonly BranchPoint[] | null> {
    const path = this.#findPath(parsePath(identity));
    if (path === undefined) return null;
    const branches = this.#data.pathsOf(path.conversationId).filter(({ isActive }) => isActive);
    return this.#resolve(path)
      .filter(({ isBranchPoint }) => isBranchPoint)
      .map((message) => ({
        message,
        paths: branches
          .filter(({ branchPointMessageId }) => branchPointMessageId === message.id)
          .map((branch) => this.#rows.withCounts(branch)),
      }));
  }

  async mergePath(input: MergePathInput): Promise<MergedPath> {
    const merge = parseMerge(input);
    const { source, target, messages } = requireMerge(decideMerge(this.#data, merge));
    const summaries = merge.summary === undefined ? [] : [toSummary(merge.summary)];
    const copies = merge.mode === 'summary' ? [] : messages;
    const messageIds = this.#rows.append(target, [...summaries, ...copies]);
    const summaryId = merge.summary === undefined ? undefined : messageIds[0];
    const mergeSummary = summaryId === undefined ? {} : { mergeSummaryMessageId: summaryId };
    this.#rows.putPath({
      ...source,
      isActive: !merge.archiveSource,
      mergedToPathId: target.id,
      mergedAt: this.#data.stamp(),
      mergeMode: merge.mode,
      ...mergeSummary,
    });
    if (merge.archiveSource) this.#rows.leavePath(source, target);
    return { messageIds, ...mergeSummary };
  }

  async previewMerge(input: MergePathInput): Promise<MergePreview> {
    const merge = parsePreview(input);
    const { messages } = requireMerge(decideMerge(this.#data, merge));
    return {
      messages: messages.map((message) => this.#data.messageOf(message)),
      appendedCount: countAppended(merge, messages),
    };
  }

  async pinMessage(input: PinMessageInput): Promise<ConversationMessage> {
    const { userId, ...identity } = parsePin(input);
    const message = this.#requireMessage(identity);
    if (message.isPinned) return this.#data.messageOf(message);
    return this.#rows.putMessage({
      ...message,
      isPinned: true,
      pinnedAt: this.#data.stamp(),
      ...(userId !== undefined && { pinnedBy: userId }),
    });
  }

  async unpinMessage(identity: MessageOfTenant): Promise<ConversationMessage> {
    const { pinnedAt: _at, pinnedBy: _by, ...message } = this.#requireMessage(parseMessage(identity));
    return this.#rows.putMessage({ ...message, isPinned: false });
  }

  async getPinnedMessages(identity: PathOfTenant): Promise<readonly ConversationMessage[] | null> {
    const path = this.#findPath(parsePath(identity));
    return path === undefined ? null : this.#resolve(path).filter(({ isPinned }) => isPinned);
  }

  async getPinnedCount(identity: PathOfTenant): Promise<number | null> {
    return (await this.getPinnedMessages(identity))?.length ?? null;
  }

  async getPrimaryPath(identity: ConversationOfTenant): Promise<ConversationPath | null> {
    const conversation = this.#findConversation(parseConversation(identity));
    return conversation === undefined ? null : this.#primaryPath(conversation);
  }

  async ensurePrimaryPath(identity: ConversationOfTenant): Promise<ConversationPath> {
    const conversation = this.#requireConversation(parseConversation(identity));
    const path =
      this.#primaryPath(conversation) ?? this.#rows.withCounts(this.#data.createPrimaryPath(conversation));
    if (conversation.activePathId === undefined) {
      this.#rows.putConversation({ ...conversation, activePathId: path.id });
    }
    return path;
  }

  #createPath({ parentPathId, branchPointMessageId, ...input }: CreatePathInput): ConversationPath {
    const branch =
      branchPointMessageId === undefined
        ? {}
        : this.#requireBranch({ ...input, parentPathId }, branchPointMessageId);
    return this.#rows.createPath({ ...input, ...branch });
  }

  #requireBranch(
    { tenantId, conversationId, parentPathId }: BranchPlace,
    messageId: string,
  ): Pick<PathRow, 'parentPathId' | 'branchPointMessageId'> {
    const message = this.#requireMessage({ tenantId, messageId });
    if (message.conversationId !== conversationId) {
      refuse({ refused: 'MESSAGE_NOT_FOUND', subject: messageId });
    }
    const parent = this.#requirePath({ tenantId, pathId: parentPathId ?? message.pathId });
    if (parent.conversationId !== conversationId) {
      refuse({ refused: 'PATH_NOT_FOUND', subject: parent.id });
    }
    const refusal = refuseBranch(this.#data, parent, message);
    if (refusal !== undefined) refuse(refusal);
    return { parentPathId: parent.id, branchPointMessageId: messageId };
  }

  #resolve(path: PathRow): ConversationMessage[] {
    return resolveMessages(this.#data, path).map((message) => this.#data.messageOf(message));
  }

  #primaryPath(conversation: ConversationRecord): ConversationPath | null {
    const primary = this.#data.pathsOf(conversation.id).find(({ isPrimary }) => isPrimary);
    return primary === undefined ? null : this.#rows.withCounts(primary);
  }

  #findConversation({ tenantId, conversationId }: ConversationOfTenant): ConversationRecord | undefined {
    const conversation = this.#data.conversations.get(conversationId);
    return conversation?.tenantId === tenantId ? conversation : undefined;
  }

  #findPath({ tenantId, pathId }: PathOfTenant): PathRow | undefined {
    const path = this.#data.paths.get(pathId);
    return path?.tenantId === tenantId ? path : undefined;
  }

  #requireConversation(identity: ConversationOfTenant): ConversationRecord {
    const conversation = this.#findConversation(identity);
    return conversation ?? refuse({ refused: 'CONVERSATION_NOT_FOUND', subject: identity.conversationId });
  }

  #requirePath(identity: PathOfTenant): PathRow {
    return this.#findPath(identity) ?? refuse({ refused: 'PATH_NOT_FOUND', subject: identity.pathId });
  }

  #requireMessage({ tenantId, messageId }: MessageOfTenant): MessageRow {
    const message = this.#data.messages.get(messageId);
    const isOfTenant =
      message !== undefined &&
      isShown(message) &&
      this.#findConversation({ tenantId, conversationId: message.conversationId }) !== undefined;
    return isOfTenant ? message : refuse({ refused: 'MESSAGE_NOT_FOUND', subject: messageId });
  }
}

function requireMerge(decision: MergeDecision): Extract<MergeDecision, { kind: 'merge' }> {
  return decision.kind === 'merge' ? decision : refuse(decision.refusal);
}

function toSummary(content: string): MessageContent {
  return { role: 'system', content, messageType: 'merge_summary', isPinned: false };
}

function refuse(refusal: PathRefusal): never {
  throw toRefusalError(refusal);
}
