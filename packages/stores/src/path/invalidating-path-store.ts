// Paths beside cached conversations: a decorator over any path store. Nothing of a path is cached; the writes that
// change the row of a conversation run as such, so that every instance drops the conversation, also when the outcome is
// unknown (R3).
import type { ConversationRowWriter } from '../conversation/conversation-store.ts';
import type { ConversationMessage } from '../conversation/conversation.ts';
import type { ReadOptions } from '../store-options.ts';
import { parseConversation, parseDeletePath, parseMerge, parseSetActive } from './path-input.ts';
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

export class InvalidatingConversationPathStore implements ConversationPathStore {
  readonly #backing: ConversationPathStore;
  readonly #conversations: ConversationRowWriter;

  /** @param conversations the store whose cached conversations these writes change */
  constructor(backing: ConversationPathStore, conversations: ConversationRowWriter) {
    this.#backing = backing;
    this.#conversations = conversations;
  }

  async setActivePath(input: SetActivePathInput): Promise<ConversationPath> {
    const parsed = parseSetActive(input);
    return this.#conversations.writeRow(parsed.conversationId, () => this.#backing.setActivePath(parsed));
  }

  async ensurePrimaryPath(identity: ConversationOfTenant): Promise<ConversationPath> {
    const parsed = parseConversation(identity);
    return this.#conversations.writeRow(parsed.conversationId, () => this.#backing.ensurePrimaryPath(parsed));
  }

  async mergePath(input: MergePathInput): Promise<MergedPath> {
    const parsed = parseMerge(input);
    const { tenantId, sourcePathId: pathId } = parsed;
    return this.#writeRowOf({ tenantId, pathId }, () => this.#backing.mergePath(parsed));
  }

  async deletePath(input: DeletePathInput): Promise<void> {
    const parsed = parseDeletePath(input);
    const { tenantId, pathId } = parsed;
    return this.#writeRowOf({ tenantId, pathId }, () => this.#backing.deletePath(parsed));
  }

  createPath(input: CreatePathInput): Promise<ConversationPath> {
    return this.#backing.createPath(input);
  }

  getPath(identity: PathOfTenant, options?: ReadOptions): Promise<ConversationPath | null> {
    return this.#backing.getPath(identity, options);
  }

  listPaths(input: ListPathsInput, options?: ReadOptions): Promise<readonly ConversationPath[] | null> {
    return this.#backing.listPaths(input, options);
  }

  updatePath(input: UpdatePathInput): Promise<ConversationPath> {
    return this.#backing.updatePath(input);
  }

  resolvePathMessages(
    identity: PathOfTenant,
    options?: ReadOptions,
  ): Promise<readonly ConversationMessage[] | null> {
    return this.#backing.resolvePathMessages(identity, options);
  }

  getFullPathResolution(identity: PathOfTenant, options?: ReadOptions): Promise<PathResolution | null> {
    return this.#backing.getFullPathResolution(identity, options);
  }

  getActivePath(identity: ConversationOfTenant, options?: ReadOptions): Promise<ConversationPath | null> {
    return this.#backing.getActivePath(identity, options);
  }

  branchFromMessage(input: BranchFromMessageInput): Promise<ConversationPath> {
    return this.#backing.branchFromMessage(input);
  }

  getBranchPointsForPath(
    identity: PathOfTenant,
    options?: ReadOptions,
  ): Promise<readonly BranchPoint[] | null> {
    return this.#backing.getBranchPointsForPath(identity, options);
  }

  previewMerge(input: MergePathInput, options?: ReadOptions): Promise<MergePreview> {
    return this.#backing.previewMerge(input, options);
  }

  pinMessage(input: PinMessageInput): Promise<ConversationMessage> {
    return this.#backing.pinMessage(input);
  }

  unpinMessage(identity: MessageOfTenant): Promise<ConversationMessage> {
    return this.#backing.unpinMessage(identity);
  }

  getPinnedMessages(
    identity: PathOfTenant,
    options?: ReadOptions,
  ): Promise<readonly ConversationMessage[] | null> {
    return this.#backing.getPinnedMessages(identity, options);
  }

  getPinnedCount(identity: PathOfTenant, options?: ReadOptions): Promise<number | null> {
    return this.#backing.getPinnedCount(identity, options);
  }

  getPrimaryPath(identity: ConversationOfTenant, options?: ReadOptions): Promise<ConversationPath | null> {
    return this.#backing.getPrimaryPath(identity, options);
  }

  /** A path never moves to another conversation, so the one it has now is the one to tell of. */
  async #writeRowOf<T>(identity: PathOfTenant, write: () => Promise<T>): Promise<T> {
    const path = await this.#backing.getPath(identity);
    // The backing store says why it refuses; no conversation can have changed.
    if (path === null) return write();
    return this.#conversations.writeRow(path.conversationId, write);
  }
}
