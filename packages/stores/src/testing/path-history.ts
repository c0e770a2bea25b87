// Histories of conversations with paths: generated commands, and a world that runs them against one pair of stores and
// tells what came of it without ids and times, so that two worlds can be compared.
import * as fc from 'fast-check';
import { type MergeMode, mergeModes } from '../path/path.ts';
import { createConversation, newTenant } from './conversation-under-test.ts';
import type { PathStores } from './path-stores-under-test.ts';

/** Paths and messages are named by their number, modulo how many there are. */
export type PathCommand =
  | { readonly kind: 'say'; readonly path: number }
  | { readonly kind: 'delete message'; readonly message: number }
  | { readonly kind: 'branch'; readonly message: number; readonly parent: number | undefined }
  | { readonly kind: 'create' }
  | {
      readonly kind: 'merge';
      readonly source: number;
      readonly target: number;
      readonly mode: MergeMode;
      readonly messages: readonly number[];
      readonly summary: string | undefined;
      readonly archiveSource: boolean;
    }
  | { readonly kind: 'pin' | 'unpin'; readonly message: number }
  | { readonly kind: 'delete'; readonly path: number; readonly hardDelete: boolean }
  | { readonly kind: 'activate'; readonly path: number }
  | { readonly kind: 'ensure primary' };

const number = fc.nat({ max: 30 });

const kind = <K extends string>(name: K): fc.Arbitrary<K> => fc.constant(name);

/** Mostly growth: a history of refusals shows little. */
export const pathHistoryArbitrary: fc.Arbitrary<readonly PathCommand[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: kind('say'), path: number }) },
    {
      weight: 5,
      arbitrary: fc.record({
        kind: kind('branch'),
        message: number,
        parent: fc.option(number, { nil: undefined }),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: kind('merge'),
        source: number,
        target: number,
        mode: fc.constantFrom(...mergeModes),
        messages: fc.array(number, { minLength: 1, maxLength: 3 }),
        summary: fc.option(fc.constant('in short'), { nil: undefined }),
        archiveSource: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: kind('create') }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('delete message'), message: number }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('pin', 'unpin'), message: number }) },
    { weight: 2, arbitrary: fc.record({ kind: kind('delete'), path: number, hardDelete: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('activate'), path: number }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('ensure primary') }) },
  ),
  { minLength: 8, maxLength: 25 },
);

export class PathWorld {
  readonly #stores: PathStores;
  readonly #conversation: { readonly tenantId: string; readonly conversationId: string };
  /** Of all that ever were, in the order of creation. */
  readonly #pathIds: string[];
  readonly #messageIds: string[] = [];

  private constructor(
    stores: PathStores,
    conversation: { readonly tenantId: string; readonly conversationId: string },
    primaryId: string,
  ) {
    this.#stores = stores;
    this.#conversation = conversation;
    this.#pathIds = [primaryId];
  }

  /** A conversation with one message. */
  static async open(stores: PathStores): Promise<PathWorld> {
    const tenantId = newTenant();
    const conversationId = await createConversation(stores.conversations, { tenantId });
    const primary = await stores.paths.getPrimaryPath({ tenantId, conversationId });
    const world = new PathWorld(stores, { tenantId, conversationId }, primary!.id);
    await world.run({ kind: 'say', path: 0 });
    return world;
  }

  /** @returns what came of it, errors by their code */
  async run(command: PathCommand): Promise<unknown> {
    try {
      return this.#named(await this.#act(command));
    } catch (error) {
      if (typeof error === 'object' && error !== null && 'code' in error) return error.code;
      throw error;
    }
  }

  /** All that can be read. */
  async read(): Promise<unknown> {
    const { tenantId } = this.#conversation;
    const { paths, conversations } = this.#stores;
    const all = {
      paths: await paths.listPaths({ ...this.#conversation, includeArchived: true }),
      active: await paths.getActivePath(this.#conversation),
      primary: await paths.getPrimaryPath(this.#conversation),
      conversation: await conversations.getConversation(this.#conversation),
      resolved: await Promise.all(
        this.#pathIds.map(async (pathId) => ({
          resolution: await paths.getFullPathResolution({ tenantId, pathId }),
          branchPoints: await paths.getBranchPointsForPath({ tenantId, pathId }),
          pinned: await paths.getPinnedMessages({ tenantId, pathId }),
          pinnedCount: await paths.getPinnedCount({ tenantId, pathId }),
        })),
      ),
    };
    return this.#named(all);
  }

  async #act(command: PathCommand): Promise<unknown> {
    const { paths, conversations } = this.#stores;
    const { tenantId } = this.#conversation;
    if (command.kind === 'merge') return this.#merge(command);
    if (command.kind === 'create') return this.#keep(await paths.createPath(this.#conversation));
    if (command.kind === 'ensure primary') return paths.ensurePrimaryPath(this.#conversation);
    if (command.kind === 'branch') {
      const parent = command.parent === undefined ? {} : { parentPathId: this.#path(command.parent) };
      const messageId = this.#message(command.message);
      return this.#keep(await paths.branchFromMessage({ tenantId, messageId, ...parent }));
    }
    if ('message' in command) {
      const messageId = this.#message(command.message);
      if (command.kind === 'pin') return paths.pinMessage({ tenantId, messageId, userId: 'ann' });
      if (command.kind === 'unpin') return paths.unpinMessage({ tenantId, messageId });
      return conversations.softDeleteMessage({ ...this.#conversation, messageId });
    }
    const pathId = this.#path(command.path);
    if (command.kind === 'delete') {
      return paths.deletePath({ tenantId, pathId, hardDelete: command.hardDelete });
    }
    const active = await paths.setActivePath({ ...this.#conversation, pathId });
    if (command.kind === 'activate') return active;
    const said = { role: 'assistant', content: `message ${this.#messageIds.length}` } as const;
    const { messageId } = await conversations.appendMessage({ ...this.#conversation, ...said });
    this.#messageIds.push(messageId);
    return messageId;
  }

  async #merge(command: Extract<PathCommand, { kind: 'merge' }>): Promise<unknown> {
    const { mode, archiveSource } = command;
    const summary = mode === 'summary' ? 'the summary' : command.summary;
    const input = {
      tenantId: this.#conversation.tenantId,
      sourcePathId: this.#path(command.source),
      targetPathId: this.#path(command.target),
      mode,
      archiveSource,
      ...(summary !== undefined && { summary }),
      ...(mode === 'selective' && { messageIds: command.messages.map((message) => this.#message(message)) }),
    };
    const preview = await this.#stores.paths.previewMerge(input);
    const merged = await this.#stores.paths.mergePath(input);
    this.#messageIds.push(...merged.messageIds);
    return { preview, merged };
  }

  #keep<T extends { readonly id: string }>(path: T): T {
    this.#pathIds.push(path.id);
    return path;
  }

  #path(index: number): string {
    return this.#pathIds[index % this.#pathIds.length]!;
  }

  #message(index: number): string {
    return this.#messageIds[index % this.#messageIds.length]!;
  }

  /** The value with names in place of ids, and without times. */
  #named(value: unknown): unknown {
    const names = new Map([
      [this.#conversation.tenantId, 'the tenant'],
      [this.#conversation.conversationId, 'the conversation'],
      ...this.#pathIds.map((id, index) => [id, `path ${index}`] as const),
      ...this.#messageIds.map((id, index) => [id, `message ${index}`] as const),
    ]);
    // JSON would turn a Date into a text before the replacer sees it, so the moments go by their form.
    return JSON.parse(
      JSON.stringify(value ?? null, (_, field: unknown) => {
        if (typeof field !== 'string') return field;
        return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(field) ? 'a time' : (names.get(field) ?? field);
      }),
    );
  }
}
