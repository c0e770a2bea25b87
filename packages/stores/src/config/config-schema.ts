// The rules of a config, kept at both doors: what callers write (config-input.ts builds on them) and what rows and L2
// hold. Unknown fields of those are ignored, because a newer release may have written them.
import * as z from 'zod';
import { dateSchema } from '../schema/date.ts';
import { idSchema, tenantIdSchema } from '../schema/text.ts';
import {
  mergeCompressionStrategies,
  pathCompressionStrategies,
  type ConversationConfigFields,
  type LevelConfig,
} from './config.ts';

/** What an integer of SQL holds. */
const maxCount = 2_147_483_647;

const count = z
  .int({ error: 'must be an integer of at least 1' })
  .min(1, { error: 'must be at least 1' })
  .max(maxCount, { error: `must be at most ${maxCount}` });

const flag = z.boolean({ error: 'must be true or false' });

export type FieldRules = {
  readonly [Field in keyof ConversationConfigFields]: z.ZodType<ConversationConfigFields[Field]>;
};

/** Of what is held; what changes it may say null too. */
export const fieldRules: FieldRules = {
  mergeCompressionStrategy: oneOf(mergeCompressionStrategies),
  mergeMaxMessages: count,
  mergePreservePinned: flag,
  pathCompressionStrategy: oneOf(pathCompressionStrategies),
  pathMaxMessages: count,
  pathSlidingWindowSize: count,
  pathCompressionThreshold: z
    .number({ error: 'must be a number from 0 to 1' })
    .min(0, { error: 'must be at least 0' })
    .max(1, { error: 'must be at most 1' }),
  autoCompactEnabled: flag,
  compactionIntervalMinutes: count,
};

export const anObject: { readonly error: string } = { error: 'must be an object' };

/** For rows and for L2 values. */
export const levelSchema: z.ZodType<LevelConfig> = z.object(
  {
    tenantId: z.exactOptional(tenantIdSchema),
    userId: z.exactOptional(idSchema),
    fields: z.object(fieldRules, anObject).exactPartial(),
    updatedAt: dateSchema,
    updatedBy: z.exactOptional(idSchema),
  },
  anObject,
);

function oneOf<const T extends readonly string[]>(names: T): z.ZodEnum<{ [Name in T[number]]: Name }> {
  return z.enum(names, { error: `must be one of ${names.join(', ')}` });
}
