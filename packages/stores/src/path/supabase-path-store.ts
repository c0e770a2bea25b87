// Paths in Supabase. Owns the requests and what counts as an answer; every method is one function of the database (the
// migration of path functions), which decides and writes under one lock. Holds nothing itself.
import { InvalidRowError } from '../errors.ts';
import { fromMessageRow } from '../conversation/conversation-row.ts';
import type { ConversationMessage } from '../conversation/conversation.ts';
import type { ReadOptions } from '../store-options.ts';
import {
  askSupabase,
  openTable,
  type SupabaseSource,
  type SupabaseTable,
  type SupabaseTableOptions,
} from '../supabase/ask-supabase.ts';
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
import { toRefusalError } from './path-refusal.ts';
import { countAppended } from './path-rules.ts';
import {
  fromBranchPoints,
  fromCount,
  fromMerged,
  fromMessageRows,
  fromPathRow,
  fromPathRows,
  fromPreview,
  fromResolution,
  pathTable,
  toRefusal,
} from './path-row.ts';
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

/** The deadline alone: paths are where the functions are, in copilot_internal. */
export type SupabasePathStoreOptions = Pick<SupabaseTableOptions, 'deadline'>;

interface Question {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly options?: ReadOptions | undefined;
}

type Reader<T> = (answer: unknown, where: string) => T;

export class SupabaseConversationPathStore implements ConversationPathStore {
  readonly #table: SupabaseTable;

  /** @param supabase a client with the service role's key; the tables are service_role's alone */
  constructor(supabase: SupabaseSource, options: SupabasePathStoreOptions = {}) {
    this.#table = openTable(supabase, pathTable, options);
  }

  async createPath(input: CreatePathInput): Promise<ConversationPath> {
    const { tenantId, conversationId, ...rest } = parseCreatePath(input);
    return this.#createPath(tenantId, conversationId, rest);
  }

  async getPath(identity: PathOfTenant, options?: ReadOptions): Promise<ConversationPath | null> {
    const { tenantId, pathId } = parsePath(identity);
    const parameters = { of_tenant: tenantId, of_path: pathId };
    return this.#readPath({ name: 'read_conversation_path', parameters, options });
  }

  async listPaths(input: ListPathsInput, options?: ReadOptions): Promise<readonly ConversationPath[] | null> {
    const { tenantId, conversationId, includeArchived } = parseListPaths(input);
    const parameters = {
      of_tenant: tenantId,
      of_conversation: conversationId,
      include_archived: includeArchived,
    };
    const paths = await this.#read({ name: 'list_conversation_paths', parameters, options }, fromPathRows);
    for (const path of paths ?? []) this.#requireTenant(path, tenantId);
    return paths;
  }

  async updatePath(input: UpdatePathInput): Promise<ConversationPath> {
    const { tenantId, pathId, ...changes } = parseUpdatePath(input);
    const parameters = { of_tenant: tenantId, of_path: pathId, changes };
    return this.#writePath({ name: 'update_conversation_path', parameters });
  }

  async deletePath(input: DeletePathInput): Promise<void> {
    const { tenantId, pathId, hardDelete } = parseDeletePath(input);
    const parameters = { of_tenant: tenantId, of_path: pathId, is_hard: hardDelete };
    await this.#write({ name: 'delete_conversation_path', parameters });
  }

  async resolvePathMessages(
    identity: PathOfTenant,
    options?: ReadOptions,
  ): Promise<readonly ConversationMessage[] | null> {
    return this.#resolve(identity, false, options);
  }

  async getFullPathResolution(identity: PathOfTenant, options?: ReadOptions): Promise<PathResolution | null> {
    const { tenantId, pathId } = parsePath(identity);
    const parameters = { of_tenant: tenantId, of_path: pathId };
    const resolution = await this.#read(
      { name: 'read_path_resolution', parameters, options },
      fromResolution,
    );
    if (resolution === null) return null;
    const path = resolution.lineage.at(-1);
    if (path?.id !== pathId) {
      throw new InvalidRowError(`the row in ${this.#where(parameters)} is another path`);
    }
    this.#requireTenant(path, tenantId);
    return { path, ...resolution };
  }

  async getActivePath(
    identity: ConversationOfTenant,
    options?: ReadOptions,
  ): Promise<ConversationPath | null> {
    const { tenantId, conversationId } = parseConversation(identity);
    const parameters = { of_tenant: tenantId, of_conversation: conversationId };
    return this.#readPath({ name: 'read_active_path', parameters, options });
  }

  async setActivePath(input: SetActivePathInput): Promise<ConversationPath> {
    const { tenantId, conversationId, pathId } = parseSetActive(input);
    const parameters = { of_tenant: tenantId, of_conversation: conversationId, of_path: pathId };
    return this.#writePath({ name: 'activate_conversation_path', parameters });
  }

  async branchFromMessage(input: BranchFromMessageInput): Promise<ConversationPath> {
    const { tenantId, messageId, ...rest } = parseBranch(input);
    return this.#createPath(tenantId, null, { ...rest, branchPointMessageId: messageId });
  }

  async getBranchPointsForPath(
    identity: PathOfTenant,
    options?: ReadOptions,
  ): Promise<readonly BranchPoint[] | null> {
    const { tenantId, pathId } = parsePath(identity);
    const parameters = { of_tenant: tenantId, of_path: pathId };
    return this.#read({ name: 'list_branch_points', parameters, options }, fromBranchPoints);
  }

  async mergePath(input: MergePathInput): Promise<MergedPath> {
    const { tenantId, sourcePathId, targetPathId, ...merge } = parseMerge(input);
    const parameters = {
      of_tenant: tenantId,
      source_path: sourcePathId,
      target_path: targetPathId,
      mode: merge.mode,
      message_ids: merge.messageIds ?? null,
      summary: merge.summary ?? null,
      archive_source: merge.archiveSource,
    };
    const answer = await this.#write({ name: 'merge_conversation_path', parameters });
    return fromMerged(answer, this.#where(parameters));
  }

  async previewMerge(input: MergePathInput, options?: ReadOptions): Promise<MergePreview> {
    const merge = parsePreview(input);
    const { tenantId, sourcePathId, targetPathId, messageIds } = merge;
    const parameters = {
      of_tenant: tenantId,
      source_path: sourcePathId,
      target_path: targetPathId,
      message_ids: messageIds ?? null,
    };
    const answer = refuse(await this.#ask({ name: 'preview_path_merge', parameters, options }, 'read'));
    const messages = fromPreview(answer, this.#where(parameters));
    return { messages, appendedCount: countAppended(merge, messages) };
  }

  async pinMessage(input: PinMessageInput): Promise<ConversationMessage> {
    const { userId, ...identity } = parsePin(input);
    return this.#pin(identity, { is_pinned: true, pinned_by: userId ?? null });
  }

  async unpinMessage(identity: MessageOfTenant): Promise<ConversationMessage> {
    return this.#pin(parseMessage(identity), { is_pinned: false, pinned_by: null });
  }

  async getPinnedMessages(
    identity: PathOfTenant,
    options?: ReadOptions,
  ): Promise<readonly ConversationMessage[] | null> {
    return this.#resolve(identity, true, options);
  }

  async getPinnedCount(identity: PathOfTenant, options?: ReadOptions): Promise<number | null> {
    const { tenantId, pathId } = parsePath(identity);
    const parameters = { of_tenant: tenantId, of_path: pathId };
    return this.#read({ name: 'count_pinned_messages', parameters, options }, fromCount);
  }

  async getPrimaryPath(
    identity: ConversationOfTenant,
    options?: ReadOptions,
  ): Promise<ConversationPath | null> {
    const { tenantId, conversationId } = parseConversation(identity);
    const parameters = { of_tenant: tenantId, of_conversation: conversationId };
    return this.#readPath({ name: 'read_primary_path', parameters, options });
  }

  async ensurePrimaryPath(identity: ConversationOfTenant): Promise<ConversationPath> {
    const { tenantId, conversationId } = parseConversation(identity);
    const parameters = { of_tenant: tenantId, of_conversation: conversationId };
    return this.#writePath({ name: 'ensure_primary_path', parameters });
  }

  #createPath(
    tenantId: string,
    conversationId: string | null,
    rest: Omit<CreatePathInput, keyof ConversationOfTenant>,
  ): Promise<ConversationPath> {
    const parameters = {
      of_tenant: tenantId,
      of_conversation: conversationId,
      parent_path: rest.parentPathId ?? null,
      branch_point: rest.branchPointMessageId ?? null,
      path_name: rest.name ?? null,
      path_description: rest.description ?? null,
    };
    return this.#writePath({ name: 'create_conversation_path', parameters });
  }

  #resolve(
    identity: PathOfTenant,
    onlyPinned: boolean,
    options: ReadOptions | undefined,
  ): Promise<readonly ConversationMessage[] | null> {
    const { tenantId, pathId } = parsePath(identity);
    const parameters = { of_tenant: tenantId, of_path: pathId, only_pinned: onlyPinned };
    return this.#read({ name: 'resolve_path_messages', parameters, options }, fromMessageRows);
  }

  async #pin({ tenantId, messageId }: MessageOfTenant, pin: object): Promise<ConversationMessage> {
    const parameters = { of_tenant: tenantId, of_message: messageId, ...pin };
    const answer = await this.#write({ name: 'pin_conversation_message', parameters });
    return fromMessageRow(answer, this.#where(parameters));
  }

  async #readPath(question: Question): Promise<ConversationPath | null> {
    const path = await this.#read(question, fromPathRow);
    return path === null ? null : this.#requireTenant(path, question.parameters['of_tenant']);
  }

  async #writePath(question: Question): Promise<ConversationPath> {
    const path = fromPathRow(await this.#write(question), this.#where(question.parameters));
    return this.#requireTenant(path, question.parameters['of_tenant']);
  }

  async #read<T>(question: Question, reader: Reader<T>): Promise<T | null> {
    const answer = await this.#ask(question, 'read');
    return answer === null ? null : reader(answer, this.#where(question.parameters));
  }

  async #write(question: Question): Promise<unknown> {
    return refuse(await this.#ask(question, 'write'));
  }

  #ask({ name, parameters, options }: Question, action: 'read' | 'write'): Promise<unknown> {
    const request = { action, ...(options?.signal && { signal: options.signal }) };
    return askSupabase(this.#table, request, (signal) =>
      this.#table.call(name, parameters).abortSignal(signal).retry(false),
    );
  }

  /** R4: whatever sits between us and the table, another tenant's row is an error and never an answer. */
  #requireTenant(path: ConversationPath, tenantId: unknown): ConversationPath {
    if (path.tenantId === tenantId) return path;
    throw new InvalidRowError(
      `the row in ${this.#table.name} of ${JSON.stringify(path.id)} belongs to another tenant`,
    );
  }

  #where(parameters: Question['parameters']): string {
    const { of_path, of_conversation, of_message, source_path, of_tenant } = parameters;
    const subject = of_path ?? of_conversation ?? of_message ?? source_path ?? of_tenant;
    return `${this.#table.name} of ${JSON.stringify(subject)}`;
  }
}

/** @throws ConversationPathError, ConversationAccessError */
function refuse(answer: unknown): unknown {
  const refusal = toRefusal(answer);
  if (refusal !== undefined) throw toRefusalError(refusal);
  return answer;
}
