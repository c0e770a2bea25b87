// The rules of conversations and messages as rows and L2 hold them: unknown fields are ignored, because a newer release
// may have written them. What callers give is checked in conversation-input.ts, with the same rules for each field.
import * as z from 'zod';
import { dateSchema } from '../schema/date.ts';
import { jsonObjectSchema } from '../schema/json.ts';
import { idSchema, nameSchema, tenantIdSchema, textSchema } from '../schema/text.ts';
import {
  authorizationModels,
  type AuthorizationSpec,
  type ConversationMessage,
  type ConversationRecord,
  type MessageRole,
  messageRoles,
  messageTypes,
  type ShareAudience,
  shareAudiences,
  type TenantAccess,
  tenantAccesses,
} from './conversation.ts';

export const shareAudienceSchema: z.ZodType<ShareAudience> = oneOf(shareAudiences);

export const tenantAccessSchema: z.ZodType<TenantAccess> = oneOf(tenantAccesses);

export const messageRoleSchema: z.ZodType<MessageRole> = oneOf(messageRoles);

export const jurisdictionsSchema: z.ZodType<readonly string[]> = z.array(nameSchema, {
  error: 'must be a list of texts',
});

const flag = z.boolean({ error: 'must be true or false' });

const sequence = z.int({ error: 'must be a whole number' }).min(1, { error: 'must be at least 1' });

const authorizationSpec: z.ZodType<AuthorizationSpec> = jsonObjectSchema.pipe(
  z.looseObject({ fallbackShareAudience: z.exactOptional(shareAudienceSchema) }),
);

export const conversationSchema: z.ZodType<ConversationRecord> = z.object(
  {
    id: idSchema,
    tenantId: tenantIdSchema,
    userId: z.exactOptional(idSchema),
    traceId: z.exactOptional(textSchema),
    rootSpanName: z.exactOptional(textSchema),
    rootSpanId: z.exactOptional(textSchema),
    shareAudience: shareAudienceSchema,
    tenantAccess: tenantAccessSchema,
    authorizationModel: oneOf(authorizationModels),
    authorizationSpec: z.exactOptional(authorizationSpec),
    personaId: z.exactOptional(idSchema),
    jurisdictions: jurisdictionsSchema,
    title: z.exactOptional(nameSchema),
    activePathId: z.exactOptional(idSchema),
    archivedAt: z.exactOptional(dateSchema),
    createdAt: dateSchema,
    updatedAt: dateSchema,
    lastMessageAt: z.exactOptional(dateSchema),
  },
  { error: 'must be an object' },
);

export const messageSchema: z.ZodType<ConversationMessage> = z.object(
  {
    id: idSchema,
    conversationId: idSchema,
    role: messageRoleSchema,
    content: textSchema,
    metadata: z.exactOptional(jsonObjectSchema),
    userId: z.exactOptional(idSchema),
    createdAt: dateSchema,
    deletedAt: z.exactOptional(dateSchema),
    pathId: idSchema,
    sequenceInPath: sequence,
    effectiveSequence: sequence,
    isBranchPoint: flag,
    branchedToPaths: z.array(idSchema, { error: 'must be a list of ids' }),
    messageType: oneOf(messageTypes),
    isPinned: flag,
    pinnedAt: z.exactOptional(dateSchema),
    pinnedBy: z.exactOptional(idSchema),
  },
  { error: 'must be an object' },
);

function oneOf<const T extends readonly string[]>(values: T): z.ZodType<T[number]> {
  return z.enum(values, { error: `must be one of ${values.join(', ')}` });
}
