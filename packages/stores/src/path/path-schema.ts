// The rules of a path as rows hold it: unknown fields are ignored, because a newer release may have written them. What
// callers give is checked in path-input.ts.
import * as z from 'zod';
import { dateSchema } from '../schema/date.ts';
import { idSchema, nameSchema, tenantIdSchema, textSchema } from '../schema/text.ts';
import { type ConversationPath, type MergeMode, mergeModes } from './path.ts';

export const mergeModeSchema: z.ZodType<MergeMode> = z.enum(mergeModes, {
  error: `must be one of ${mergeModes.join(', ')}`,
});

const flag = z.boolean({ error: 'must be true or false' });

/** For a count that comes alone, too. */
export const countSchema: z.ZodType<number> = z
  .int({ error: 'must be a whole number' })
  .min(0, { error: 'must be at least 0' });

export const pathSchema: z.ZodType<ConversationPath> = z.object(
  {
    id: idSchema,
    tenantId: tenantIdSchema,
    conversationId: idSchema,
    parentPathId: z.exactOptional(idSchema),
    branchPointMessageId: z.exactOptional(idSchema),
    name: z.exactOptional(nameSchema),
    description: z.exactOptional(textSchema),
    isPrimary: flag,
    isActive: flag,
    mergedToPathId: z.exactOptional(idSchema),
    mergedAt: z.exactOptional(dateSchema),
    mergeSummaryMessageId: z.exactOptional(idSchema),
    mergeMode: z.exactOptional(mergeModeSchema),
    messageCount: countSchema,
    branchCount: countSchema,
    createdAt: dateSchema,
    updatedAt: dateSchema,
  },
  { error: 'must be an object' },
);
