// What callers give: whose config, and what to change. One door for every variant, so that what one refuses no other
// takes. Unknown fields of a change are refused: a misspelt one must not pass for "unchanged".
import * as z from 'zod';
import { parseInput } from '../schema/parse.ts';
import { idSchema, tenantIdSchema } from '../schema/text.ts';
import { anObject, fieldRules, type FieldRules } from './config-schema.ts';
import type { SetConfigInput } from './config-store.ts';
import type { ConfigIdentity, ConversationConfigFields, ConversationConfigPatch } from './config.ts';

/** A change of one level, checked. No tenant: everybody's; no user: the tenant's. */
export interface LevelChange extends Partial<ConfigIdentity> {
  readonly config: ConversationConfigPatch;
  readonly updatedBy?: string;
}

const ofEverybody = {
  config: z.strictObject(clearable(fieldRules), anObject).exactPartial(),
  updatedBy: z.exactOptional(idSchema),
};

const globalChange: z.ZodType<LevelChange> = z.strictObject(ofEverybody, anObject);

const tenantChange: z.ZodType<SetConfigInput> = z.strictObject(
  {
    ...ofEverybody,
    tenantId: tenantIdSchema,
    // What was meant for one user must not reach all of the tenant.
    userId: z
      .never({ error: 'must be absent, because setUserConfig writes the row of a user' })
      .exactOptional(),
  },
  anObject,
);

const userChange: z.ZodType<SetConfigInput & Required<ConfigIdentity>> = z.strictObject(
  { ...ofEverybody, tenantId: tenantIdSchema, userId: idSchema },
  anObject,
);

/** Other fields are passed over: a hit does not look at them either. */
const identity: z.ZodType<ConfigIdentity> = z.object(
  { tenantId: tenantIdSchema, userId: z.exactOptional(idSchema) },
  anObject,
);

const userIdentity: z.ZodType<Required<ConfigIdentity>> = z.object(
  { tenantId: tenantIdSchema, userId: idSchema },
  anObject,
);

/** @throws InvalidInputError; so do all of these */
export function parseGlobalChange(
  config: ConversationConfigPatch,
  updatedBy: string | undefined,
): LevelChange {
  return parseInput(globalChange, 'input', { config, updatedBy });
}

export function parseTenantChange(input: SetConfigInput): SetConfigInput {
  return parseInput(tenantChange, 'input', input);
}

export function parseUserChange(input: SetConfigInput): SetConfigInput {
  return parseInput(userChange, 'input', input);
}

export function parseIdentity(given: ConfigIdentity): ConfigIdentity {
  return parseInput(identity, 'identity', given);
}

export function parseTenantIdentity(tenantId: string): ConfigIdentity {
  return { tenantId: parseInput(tenantIdSchema, 'tenantId', tenantId) };
}

export function parseUserIdentity(given: Required<ConfigIdentity>): Required<ConfigIdentity> {
  return parseInput(userIdentity, 'identity', given);
}

type Clearable = {
  [Field in keyof ConversationConfigFields]: z.ZodType<ConversationConfigFields[Field] | null>;
};

function clearable(rules: FieldRules): Clearable {
  const entries = Object.entries(rules).map(([field, rule]) => [field, rule.nullable()]);
  return Object.fromEntries(entries) as Clearable;
}
