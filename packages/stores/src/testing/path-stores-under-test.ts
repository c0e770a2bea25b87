// What the suites of path stores are run against: paths and the conversations that they belong to.
import type { ConversationStore } from '../conversation/conversation-store.ts';
import type { ConversationPathStore } from '../path/path-store.ts';
import type { ConversationPath } from '../path/path.ts';
import { createConversation, newTenant, say } from './conversation-under-test.ts';

export interface PathStores {
  readonly paths: ConversationPathStore;
  readonly conversations: ConversationStore;
}

/** A conversation with three messages on its primary path. */
export interface PathScene {
  readonly tenantId: string;
  readonly conversationId: string;
  readonly primary: ConversationPath;
  readonly messageIds: readonly [string, string, string];
}

export async function openScene({ paths, conversations }: PathStores): Promise<PathScene> {
  const tenantId = newTenant();
  const conversation = { tenantId, conversationId: await createConversation(conversations, { tenantId }) };
  const [m1 = '', m2 = '', m3 = ''] = await say(conversations, conversation, 'm1', 'm2', 'm3');
  return { ...conversation, primary: (await paths.getPrimaryPath(conversation))!, messageIds: [m1, m2, m3] };
}

/** Appends to the path, whichever was active before. */
export async function sayOn(
  { paths, conversations }: PathStores,
  path: ConversationPath,
  ...contents: readonly string[]
): Promise<string[]> {
  const { tenantId, conversationId, id } = path;
  await paths.setActivePath({ tenantId, conversationId, pathId: id });
  return say(conversations, { tenantId, conversationId }, ...contents);
}

/** What a reader of the path sees, as texts. */
export async function contentsOf({ paths }: PathStores, path: ConversationPath): Promise<string[]> {
  const messages = await paths.resolvePathMessages({ tenantId: path.tenantId, pathId: path.id });
  return messages!.map(({ content }) => content);
}
