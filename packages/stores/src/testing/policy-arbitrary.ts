// Policies of every shape that the rules admit, and some that they don't. The ids and names hold what has broken key
// formats, URLs and SQL before.
import * as fc from 'fast-check';
import {
  egressModes,
  type LlmTaskPolicy,
  type LlmUserPolicy,
  type TenantLlmPolicy,
} from '../policy/policy.ts';

export const awkwardIds: readonly string[] = [
  'constructor',
  'a:b',
  '100%',
  '%3A',
  'null',
  'true',
  '17',
  'eq.x',
  'a,b',
  '"q"',
  "o'b",
  '{t}',
  '{}',
  '(a)',
  ' ',
  ' a ',
  '\u00a0',
  '\\',
  '\\"',
  '*',
  'ü',
  '👍',
  '../x',
];

const text: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...awkwardIds),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }).filter((value) => !value.includes('\0')),
);

export const tenantIdArbitrary: fc.Arbitrary<string> = fc
  .oneof(text, fc.string({ unit: 'grapheme-ascii', minLength: 200, maxLength: 200 }))
  .filter((id) => id !== 'global');

const userId = text.filter((id) => id !== '__proto__');

const taskPolicy: fc.Arbitrary<LlmTaskPolicy> = fc.record(
  {
    task: text,
    model: text,
    provider: text,
    temperature: fc.double({ min: 0, max: 2, noNaN: true }),
    maxTokens: fc.integer({ min: 1 }),
  },
  { requiredKeys: ['task', 'model', 'provider'], noNullPrototype: true },
);

const userPolicy: fc.Arbitrary<LlmUserPolicy> = fc.record(
  { egressMode: fc.constantFrom(...egressModes), allowOffMode: fc.boolean() },
  { requiredKeys: [], noNullPrototype: true },
);

export const policyArbitrary: fc.Arbitrary<TenantLlmPolicy> = fc.record(
  {
    tenantId: tenantIdArbitrary,
    defaultModel: text,
    defaultProvider: text,
    allowRemoteEgress: fc.boolean(),
    tasks: fc.array(taskPolicy, { maxLength: 4 }),
    egressMode: fc.constantFrom(...egressModes),
    allowOffMode: fc.boolean(),
    userPolicies: fc.dictionary(userId, userPolicy, { maxKeys: 4, noNullPrototype: true }),
  },
  {
    requiredKeys: ['tenantId', 'defaultModel', 'defaultProvider', 'allowRemoteEgress', 'tasks'],
    noNullPrototype: true,
  },
);

/** A plain policy to change a field of. */
export function somePolicy(changes: Partial<TenantLlmPolicy> = {}): TenantLlmPolicy {
  return {
    tenantId: 'test-tenant',
    defaultModel: 'gpt-large',
    defaultProvider: 'remote',
    allowRemoteEgress: true,
    tasks: [],
    ...changes,
  };
}
