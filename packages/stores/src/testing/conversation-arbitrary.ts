// Conversations and messages of every shape that the rules admit, with the texts that have broken key formats, URLs and
// SQL before.
import * as fc from 'fast-check';
import type { AppendMessageInput, CreateConversationInput } from '../conversation/conversation-store.ts';
import {
  authorizationModels,
  type ConversationRecord,
  messageRoles,
  shareAudiences,
  tenantAccesses,
} from '../conversation/conversation.ts';
import type { JsonObject } from '../schema/json.ts';

const awkward = [
  'constructor',
  'a:b',
  '100%',
  '%3A',
  'null',
  'true',
  '"q"',
  "o'b",
  '{t}',
  '\\',
  ' ',
  '*',
  'ü',
  '👍',
];

const text = fc.oneof(
  fc.constantFrom(...awkward),
  fc.string({ unit: 'binary', maxLength: 20 }).filter((value) => !value.includes('\0')),
);

const name = text.filter((value) => value !== '');

const json = fc
  .jsonValue({ maxDepth: 3 })
  .filter((value) => !/\\u0000|__proto__|\\ud[89a-f]/i.test(JSON.stringify(value)))
  // -0 is written as 0.
  .map((value): unknown => JSON.parse(JSON.stringify(value)));

const metadata = fc.dictionary(
  name.filter((key) => key !== '__proto__'),
  json,
  { maxKeys: 4, noNullPrototype: true },
) as fc.Arbitrary<JsonObject>;

/** What `createConversation` takes, the tenant left out. */
export const newConversationArbitrary: fc.Arbitrary<Omit<CreateConversationInput, 'tenantId'>> = fc.record(
  {
    userId: name,
    shareAudience: fc.constantFrom(...shareAudiences),
    tenantAccess: fc.constantFrom(...tenantAccesses),
    title: name,
    personaId: name,
    jurisdictions: fc.array(name, { maxLength: 3 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** What `appendMessage` takes besides the conversation. */
export const newMessageArbitrary: fc.Arbitrary<Pick<AppendMessageInput, 'role' | 'content' | 'metadata'>> =
  fc.record(
    { role: fc.constantFrom(...messageRoles), content: text, metadata },
    { requiredKeys: ['role', 'content'], noNullPrototype: true },
  );

/** What the reading rule looks at, of conversations that ann, bob or nobody owns. */
export const accessArbitrary: fc.Arbitrary<
  Pick<
    ConversationRecord,
    'userId' | 'shareAudience' | 'tenantAccess' | 'authorizationModel' | 'authorizationSpec'
  >
> = fc.record(
  {
    userId: fc.constantFrom('ann', 'bob'),
    shareAudience: fc.constantFrom(...shareAudiences),
    tenantAccess: fc.constantFrom(...tenantAccesses),
    authorizationModel: fc.constantFrom(...authorizationModels),
    authorizationSpec: fc.record(
      { fallbackShareAudience: fc.constantFrom(...shareAudiences), store: name },
      { requiredKeys: [], noNullPrototype: true },
    ),
  },
  { requiredKeys: ['shareAudience', 'tenantAccess', 'authorizationModel'], noNullPrototype: true },
);
