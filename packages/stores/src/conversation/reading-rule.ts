// Who may read and who may write a conversation. Pure: the decisions of every variant, also of the cache at each hit,
// are made here. SQL repeats one half of it, the filter of the list; a test holds the two together.
import type { ConversationRecord, MessageRole, ShareAudience } from './conversation.ts';

/** What of a conversation the rules look at. */
export type AccessFacts = Pick<
  ConversationRecord,
  'tenantId' | 'userId' | 'shareAudience' | 'tenantAccess' | 'authorizationModel' | 'authorizationSpec'
>;

/** Who asks. Without a user: the tenant itself, a job or an anonymous visitor. */
export interface Caller {
  readonly tenantId: string;
  readonly userId?: string;
}

export type ConversationWrite =
  | { readonly kind: 'append'; readonly role: MessageRole }
  | { readonly kind: 'delete message' }
  | { readonly kind: 'share' }
  | { readonly kind: 'archive' };

/** Who a conversation is open to: where another model decides, its fallback counts, and without one nobody is let in. */
export function effectiveAudience(conversation: AccessFacts): ShareAudience {
  return conversation.authorizationModel === 'supabase_rbac'
    ? conversation.shareAudience
    : (conversation.authorizationSpec?.fallbackShareAudience ?? 'private');
}

/** Private: the owner. Tenant or public, or without an owner: anyone in the tenant. Another tenant: never. */
export function mayRead(conversation: AccessFacts, caller: Caller): boolean {
  if (conversation.tenantId !== caller.tenantId) return false;
  if (conversation.userId === undefined) return true;
  return effectiveAudience(conversation) !== 'private' || conversation.userId === caller.userId;
}

/**
 * Assistant and system: always. Sharing and archiving: the owner. Else, with edit access for the tenant: any named user;
 * without: the owner, or anyone in the tenant where there is none.
 */
export function mayWrite(conversation: AccessFacts, caller: Caller, write: ConversationWrite): boolean {
  if (conversation.tenantId !== caller.tenantId) return false;
  const isOwner = conversation.userId !== undefined && conversation.userId === caller.userId;
  if (write.kind === 'share' || write.kind === 'archive') return isOwner;
  if (write.kind === 'append' && write.role !== 'user') return true;
  if (isOwner || conversation.userId === undefined) return true;
  const isOpenToEdits = effectiveAudience(conversation) === 'tenant' && conversation.tenantAccess === 'edit';
  return isOpenToEdits && caller.userId !== undefined;
}
