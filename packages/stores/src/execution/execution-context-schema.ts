// The rules of an execution context, kept at both doors: what callers give (unknown fields are refused) and what rows
// hold (unknown fields are ignored, because a newer release may have written them).
import * as z from 'zod';
import { dateSchema } from '../schema/date.ts';
import { idSchema, nameSchema, tenantIdSchema } from '../schema/text.ts';
import {
  type CreateExecutionContextInput,
  maxExecutionTtlMs,
  maxExpiredContexts,
} from './execution-context-store.ts';
import {
  type ExecutionContext,
  type ExecutionPath,
  type ExecutionStatus,
  executionStatuses,
} from './execution-context.ts';

const status = z.enum(executionStatuses, { error: `must be one of ${executionStatuses.join(', ')}` });

const path = z.object(
  { tenantId: tenantIdSchema, conversationId: idSchema, pathId: idSchema },
  { error: 'must be an object' },
);

export const executionTtlMsSchema: z.ZodType<number> = wholeNumber(maxExecutionTtlMs);

export const expiredLimitSchema: z.ZodType<number> = wholeNumber(maxExpiredContexts);

export const executionPathSchema: z.ZodType<ExecutionPath> = path.strict();

export const createExecutionContextSchema: z.ZodType<CreateExecutionContextInput> = path
  .extend({ sandboxId: z.exactOptional(idSchema), ttlMs: z.exactOptional(executionTtlMsSchema) })
  .strict();

export interface StatusUpdate {
  readonly id: string;
  readonly status: ExecutionStatus;
  readonly error?: string;
}

export const statusUpdateSchema: z.ZodType<StatusUpdate> = z
  .object({ id: idSchema, status, error: z.exactOptional(nameSchema) })
  .refine((update) => update.error === undefined || mayHaveError(update.status), {
    path: ['error'],
    error: 'must be absent unless the status is error or terminated',
  });

/** For rows. */
export const executionContextSchema: z.ZodType<ExecutionContext> = path.extend({
  id: idSchema,
  status,
  sandboxId: z.exactOptional(idSchema),
  error: z.exactOptional(nameSchema),
  createdAt: dateSchema,
  lastUsedAt: dateSchema,
  expiresAt: dateSchema,
  terminatedAt: z.exactOptional(dateSchema),
});

function mayHaveError(status: ExecutionStatus): boolean {
  return status === 'error' || status === 'terminated';
}

function wholeNumber(max: number): z.ZodType<number> {
  const error = `must be a whole number from 1 to ${max}`;
  return z.int({ error }).min(1, { error }).max(max, { error });
}
