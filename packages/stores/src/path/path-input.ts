// What callers give to the methods of a path store: unknown fields refused, the fields that need each other, and the
// defaults, in one place for every variant.
import * as z from 'zod';
import { InvalidInputError } from '../errors.ts';
import { parseInput } from '../schema/parse.ts';
import { idSchema, nameSchema, tenantIdSchema, textSchema } from '../schema/text.ts';
import { mergeModeSchema } from './path-schema.ts';
import type {
  BranchFromMessageInput,
  ConversationOfTenant,
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

export type ParsedListPaths = Required<ListPathsInput>;

export type ParsedDeletePath = Required<DeletePathInput>;

export type ParsedMerge = Omit<MergePathInput, 'archiveSource'> & { readonly archiveSource: boolean };

const flag = z.boolean({ error: 'must be true or false' });

const conversation = { tenantId: tenantIdSchema, conversationId: idSchema };

const path = { tenantId: tenantIdSchema, pathId: idSchema };

const message = { tenantId: tenantIdSchema, messageId: idSchema };

const conversationSchema: z.ZodType<ConversationOfTenant> = input(conversation);

const pathOfTenantSchema: z.ZodType<PathOfTenant> = input(path);

const messageSchema: z.ZodType<MessageOfTenant> = input(message);

const createSchema: z.ZodType<CreatePathInput> = input({
  ...conversation,
  parentPathId: z.exactOptional(idSchema),
  branchPointMessageId: z.exactOptional(idSchema),
  name: z.exactOptional(nameSchema),
  description: z.exactOptional(textSchema),
});

const branchSchema: z.ZodType<BranchFromMessageInput> = input({
  ...message,
  parentPathId: z.exactOptional(idSchema),
  name: z.exactOptional(nameSchema),
  description: z.exactOptional(textSchema),
});

const listSchema: z.ZodType<ListPathsInput> = input({
  ...conversation,
  includeArchived: z.exactOptional(flag),
});

const updateSchema: z.ZodType<UpdatePathInput> = input({
  ...path,
  name: z.exactOptional(z.nullable(nameSchema)),
  description: z.exactOptional(z.nullable(textSchema)),
});

const deleteSchema: z.ZodType<DeletePathInput> = input({ ...path, hardDelete: z.exactOptional(flag) });

const activateSchema: z.ZodType<SetActivePathInput> = input({ ...conversation, pathId: idSchema });

const mergeSchema: z.ZodType<MergePathInput> = input({
  tenantId: tenantIdSchema,
  sourcePathId: idSchema,
  targetPathId: idSchema,
  mode: mergeModeSchema,
  messageIds: z.exactOptional(z.array(idSchema, { error: 'must be a list of ids' })),
  summary: z.exactOptional(nameSchema),
  archiveSource: z.exactOptional(flag),
});

const pinSchema: z.ZodType<PinMessageInput> = input({ ...message, userId: z.exactOptional(idSchema) });

export function parseConversation(given: ConversationOfTenant): ConversationOfTenant {
  return parseInput(conversationSchema, 'identity', given);
}

export function parsePath(given: PathOfTenant): PathOfTenant {
  return parseInput(pathOfTenantSchema, 'identity', given);
}

export function parseMessage(given: MessageOfTenant): MessageOfTenant {
  return parseInput(messageSchema, 'identity', given);
}

export function parseCreatePath(given: CreatePathInput): CreatePathInput {
  const parsed = parseInput(createSchema, 'path', given);
  if (parsed.parentPathId !== undefined && parsed.branchPointMessageId === undefined) {
    throw new InvalidInputError('branchPointMessageId must be given with parentPathId, got nothing');
  }
  return parsed;
}

export function parseBranch(given: BranchFromMessageInput): BranchFromMessageInput {
  return parseInput(branchSchema, 'branch', given);
}

export function parseListPaths(given: ListPathsInput): ParsedListPaths {
  return { includeArchived: false, ...parseInput(listSchema, 'input', given) };
}

export function parseUpdatePath(given: UpdatePathInput): UpdatePathInput {
  return parseInput(updateSchema, 'path', given);
}

export function parseDeletePath(given: DeletePathInput): ParsedDeletePath {
  return { hardDelete: false, ...parseInput(deleteSchema, 'input', given) };
}

export function parseSetActive(given: SetActivePathInput): SetActivePathInput {
  return parseInput(activateSchema, 'input', given);
}

export function parsePin(given: PinMessageInput): PinMessageInput {
  return parseInput(pinSchema, 'input', given);
}

export function parseMerge(given: MergePathInput): ParsedMerge {
  const parsed = parsePreview(given);
  if (parsed.mode === 'summary' && parsed.summary === undefined) {
    throw new InvalidInputError('summary must be given in the mode summary, got nothing');
  }
  return parsed;
}

/** The summary may still be to come. */
export function parsePreview(given: MergePathInput): ParsedMerge {
  const parsed = parseInput(mergeSchema, 'merge', given);
  const { sourcePathId, targetPathId, mode, messageIds } = parsed;
  if (sourcePathId === targetPathId) {
    throw new InvalidInputError(
      `targetPathId must be another path than sourcePathId, got ${JSON.stringify(targetPathId)} for both`,
    );
  }
  if ((mode === 'selective') !== (messageIds !== undefined && messageIds.length > 0)) {
    throw new InvalidInputError(
      `messageIds must be given in the mode selective, and only there, got ${messageIds?.length ?? 0} in the mode ${mode}`,
    );
  }
  return { archiveSource: true, ...parsed };
}

function input<T extends z.ZodRawShape>(shape: T): z.ZodObject<T, z.core.$strict> {
  return z.strictObject(shape, { error: 'must be an object' });
}
