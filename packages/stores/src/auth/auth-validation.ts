// What a check of a user's credentials found, and the rules for it at both doors: what a check returns and what L2 holds.
import * as z from 'zod';
import { idSchema, tenantIdSchema } from '../schema/text.ts';

/** What a check says. */
export interface AuthVerdict {
  readonly isValid: boolean;
  /** Absent when the user has none, and usually when the user is not valid. */
  readonly tenantId?: string;
}

export interface AuthValidation extends AuthVerdict {
  /** When the check began, by the clock of the machine that ran it; for people and logs, not for comparing. */
  readonly checkedAt: Date;
}

/** An L2 value names its user, so that a mixed-up reply is never another user's verdict. */
export interface StoredValidation extends AuthValidation {
  readonly userId: string;
}

const isValid = z.boolean({ error: 'must be true or false' });

export const authVerdictSchema: z.ZodType<AuthVerdict> = z.strictObject(
  { isValid, tenantId: tenantIdSchema.exactOptional() },
  { error: 'must be an object with isValid' },
);

export const storedValidationSchema: z.ZodType<StoredValidation> = z.object({
  userId: idSchema,
  isValid,
  tenantId: tenantIdSchema.exactOptional(),
  checkedAt: z.iso.datetime().transform((text) => new Date(text)),
});
