// The rules of a policy, kept at both doors: what callers write (unknown fields are refused, a misspelt `egressMode`
// must not pass for "no egress mode") and what rows and L2 hold (unknown fields are ignored, because a newer release
// may have written them).
import * as z from 'zod';
import { idSchema, nameSchema, tenantIdSchema } from '../schema/text.ts';
import {
  egressModes,
  type EgressMode,
  type LlmTaskPolicy,
  type LlmUserPolicy,
  type TenantLlmPolicy,
} from './policy.ts';

const egressMode = z.enum(egressModes, { error: `must be one of ${egressModes.join(', ')}` });
export const egressModeSchema: z.ZodType<EgressMode> = egressMode;

const flag = z.boolean({ error: 'must be true or false' });

const taskPolicy = z.object(
  {
    task: nameSchema,
    model: nameSchema,
    provider: nameSchema,
    temperature: atLeast(0, z.number({ error: 'must be a number of at least 0' })).exactOptional(),
    maxTokens: atLeast(1, z.int({ error: 'must be an integer of at least 1' })).exactOptional(),
  },
  { error: 'must be an object with task, model and provider' },
);

const userPolicy = z.object(
  { egressMode: egressMode.exactOptional(), allowOffMode: flag.exactOptional() },
  { error: 'must be an object' },
);

const policy = z.object(
  {
    tenantId: tenantIdSchema,
    defaultModel: nameSchema,
    defaultProvider: nameSchema,
    allowRemoteEgress: flag,
    tasks: tasksOf(taskPolicy),
    egressMode: egressMode.exactOptional(),
    allowOffMode: flag.exactOptional(),
    userPolicies: z.exactOptional(userPoliciesOf(userPolicy)),
  },
  { error: 'must be an object' },
);

/** For rows and for L2 values. */
export const policySchema: z.ZodType<TenantLlmPolicy> = policy;

/** For what callers give to `setPolicy`. */
export const policyInputSchema: z.ZodType<TenantLlmPolicy> = policy
  .extend({
    tasks: tasksOf(taskPolicy.strict()),
    userPolicies: z.exactOptional(userPoliciesOf(userPolicy.strict())),
  })
  .strict();

function atLeast<T extends z.ZodNumber>(limit: number, schema: T): T {
  return schema.min(limit, { error: `must be at least ${limit}` });
}

function tasksOf(task: z.ZodType<LlmTaskPolicy>): z.ZodType<readonly LlmTaskPolicy[]> {
  return z.array(task, { error: 'must be a list' });
}

function userPoliciesOf(user: z.ZodType<LlmUserPolicy>): z.ZodType<Record<string, LlmUserPolicy>> {
  return (
    z
      .unknown()
      // A record drops this one key without a word, and with it the rule of the user of that name.
      .refine((value) => !isObject(value) || !Object.hasOwn(value, '__proto__'), {
        error: 'must not have "__proto__" as a user id',
        abort: true,
      })
      .pipe(
        z.record(idSchema, user, {
          error: ({ code }) =>
            code === 'invalid_key' ? 'must be keyed by user ids of 1 to 200 characters' : 'must be an object',
        }),
      )
  );
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
