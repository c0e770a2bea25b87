// What a caller may ask of the router for one request. Checked strictly: a misspelt or empty id must not turn into
// "no tenant", which would mean "no policy".
import * as z from 'zod';
import { egressModeSchema } from '../policy/policy-schema.ts';
import type { EgressMode } from '../policy/policy.ts';
import { idSchema, nameSchema, tenantIdSchema } from '../schema/text.ts';
import { messageRoles, type LlmMessage } from './llm-provider.ts';

export interface RoutingOptions {
  /** Without one the router's defaults apply and no policy is read. */
  readonly tenantId?: string;
  readonly userId?: string;
  readonly task?: string;
  /** Replaces the model, never the provider. */
  readonly model?: string;
  /** Counts where the task has none of its own. */
  readonly temperature?: number;
  /** Counts where the task has none of its own. */
  readonly maxTokens?: number;
  /** Obeyed as far as the tenant and the user allow it. */
  readonly egressModeOverride?: EgressMode;
}

export const routingOptionsSchema: z.ZodType<RoutingOptions> = z.strictObject(
  {
    tenantId: z.exactOptional(tenantIdSchema),
    userId: z.exactOptional(idSchema),
    task: z.exactOptional(nameSchema),
    model: z.exactOptional(nameSchema),
    temperature: z.number({ error: 'must be a number' }).exactOptional(),
    maxTokens: z.int({ error: 'must be an integer' }).exactOptional(),
    egressModeOverride: z.exactOptional(egressModeSchema),
  },
  { error: 'must be an object' },
);

/** Contents are texts: anything else could not be sanitised. */
export const messagesSchema: z.ZodType<readonly LlmMessage[]> = z.array(
  z.object(
    {
      role: z.enum(messageRoles, { error: `must be one of ${messageRoles.join(', ')}` }),
      content: z.string({ error: 'must be a text' }),
    },
    { error: 'must be an object with role and content' },
  ),
  { error: 'must be a list' },
);
