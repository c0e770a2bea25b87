// The rules of a context, kept at both doors: what callers write (unknown fields are refused) and what rows hold
// (unknown fields are ignored, because a newer release may have written them).
import * as z from 'zod';
import { idSchema, tenantIdSchema, textSchema } from '../schema/text.ts';
import type { ContextIdentity, ConversationContext } from './context.ts';

export const contextIdentitySchema: z.ZodType<ContextIdentity> = z
  .object({ tenantId: tenantIdSchema, conversationId: idSchema }, { error: 'must be an object' })
  .strict();

/** A set: repetitions go, each id stays where it came first. SQL does the same in `distinct_ids`. */
export const nodeIdsSchema: z.ZodType<readonly string[]> = z
  .array(idSchema, { error: 'must be a list' })
  .transform((ids) => [...new Set(ids)]);

const context = z.object(
  {
    activeNodeIds: nodeIdsSchema,
    traceId: z.exactOptional(textSchema),
    rootSpanName: z.exactOptional(textSchema),
    rootSpanId: z.exactOptional(textSchema),
  },
  { error: 'must be an object' },
);

/** For rows. */
export const contextSchema: z.ZodType<ConversationContext> = context;

/** For what callers give to `save`. */
export const contextInputSchema: z.ZodType<ConversationContext> = context.strict();
