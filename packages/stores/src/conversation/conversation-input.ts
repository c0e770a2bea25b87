// What callers give to the methods of a conversation store: the fields of conversation-schema.ts, unknown ones refused,
// and the defaults, in one place for every variant.
import * as z from 'zod';
import { parseInput } from '../schema/parse.ts';
import { jsonObjectSchema } from '../schema/json.ts';
import { idSchema, nameSchema, tenantIdSchema, textSchema } from '../schema/text.ts';
import {
  jurisdictionsSchema,
  messageRoleSchema,
  shareAudienceSchema,
  tenantAccessSchema,
} from './conversation-schema.ts';
import {
  type AppendMessageInput,
  type ConversationStatus,
  conversationStatuses,
  type CreateConversationInput,
  type GetConversationInput,
  type GetMessagesInput,
  type ListConversationsInput,
  type SetArchivedStateInput,
  type SoftDeleteMessageInput,
  type UpdateSharingInput,
} from './conversation-store.ts';

/** What a model is given of a conversation, about; a page that shows it loads more with a greater limit. */
export const defaultMessageLimit = 100;

/** One answer holds all of them. */
export const maxMessageLimit = 1_000;

/** A screen or two of a list. */
export const defaultListLimit = 50;

/** One answer holds all of them, each with its spec and jurisdictions. */
export const maxListLimit = 200;

type WithDefaults<T, K extends keyof T> = T & Required<Pick<T, K>>;

export type ParsedCreate = WithDefaults<
  CreateConversationInput,
  'shareAudience' | 'tenantAccess' | 'jurisdictions'
>;

export type ParsedGetMessages = WithDefaults<GetMessagesInput, 'limit'>;

export type ParsedList = Omit<ListConversationsInput, 'status' | 'limit'> & {
  readonly status: ConversationStatus;
  readonly limit: number;
};

const caller = { tenantId: tenantIdSchema, userId: z.exactOptional(idSchema) };

const named = { tenantId: tenantIdSchema, userId: idSchema };

const createSchema: z.ZodType<CreateConversationInput> = input({
  ...caller,
  shareAudience: z.exactOptional(shareAudienceSchema),
  tenantAccess: z.exactOptional(tenantAccessSchema),
  title: z.exactOptional(nameSchema),
  personaId: z.exactOptional(idSchema),
  jurisdictions: z.exactOptional(jurisdictionsSchema),
});

const appendSchema: z.ZodType<AppendMessageInput> = input({
  ...caller,
  conversationId: idSchema,
  role: messageRoleSchema,
  content: textSchema,
  metadata: z.exactOptional(jsonObjectSchema),
});

const softDeleteSchema: z.ZodType<SoftDeleteMessageInput> = input({
  ...caller,
  conversationId: idSchema,
  messageId: idSchema,
});

const getMessagesSchema: z.ZodType<GetMessagesInput> = input({
  ...caller,
  conversationId: idSchema,
  limit: z.exactOptional(limitUpTo(maxMessageLimit)),
});

const listSchema: z.ZodType<ListConversationsInput> = input({
  ...caller,
  status: z.exactOptional(
    z.enum(conversationStatuses, { error: `must be one of ${conversationStatuses.join(', ')}` }),
  ),
  limit: z.exactOptional(limitUpTo(maxListLimit)),
  cursor: z.exactOptional(textSchema),
});

const getSchema: z.ZodType<GetConversationInput> = input({ ...caller, conversationId: idSchema });

const sharingSchema: z.ZodType<UpdateSharingInput> = input({
  ...named,
  conversationId: idSchema,
  shareAudience: z.exactOptional(shareAudienceSchema),
  tenantAccess: z.exactOptional(tenantAccessSchema),
  title: z.exactOptional(nameSchema),
});

const archivedSchema: z.ZodType<SetArchivedStateInput> = input({
  ...named,
  conversationId: idSchema,
  archived: z.boolean({ error: 'must be true or false' }),
});

export function parseCreate(given: CreateConversationInput): ParsedCreate {
  const parsed = parseInput(createSchema, 'conversation', given);
  return { shareAudience: 'private', tenantAccess: 'view', jurisdictions: [], ...parsed };
}

export function parseAppend(given: AppendMessageInput): AppendMessageInput {
  return parseInput(appendSchema, 'message', given);
}

export function parseSoftDelete(given: SoftDeleteMessageInput): SoftDeleteMessageInput {
  return parseInput(softDeleteSchema, 'input', given);
}

export function parseGetMessages(given: GetMessagesInput): ParsedGetMessages {
  return { limit: defaultMessageLimit, ...parseInput(getMessagesSchema, 'input', given) };
}

export function parseList(given: ListConversationsInput): ParsedList {
  return { status: 'active', limit: defaultListLimit, ...parseInput(listSchema, 'input', given) };
}

export function parseGet(given: GetConversationInput): GetConversationInput {
  return parseInput(getSchema, 'input', given);
}

export function parseSharing(given: UpdateSharingInput): UpdateSharingInput {
  return parseInput(sharingSchema, 'input', given);
}

export function parseArchived(given: SetArchivedStateInput): SetArchivedStateInput {
  return parseInput(archivedSchema, 'input', given);
}

function input<T extends z.ZodRawShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, { error: 'must be an object' });
}

function limitUpTo(max: number): z.ZodType<number> {
  const error = `must be a whole number from 1 to ${max}`;
  return z.int({ error }).min(1, { error }).max(max, { error });
}
