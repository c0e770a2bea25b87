// The conformance suite: what every ConversationContextStore does, whatever keeps the contexts.
import { deepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConversationContextStore } from '../context/context-store.ts';
import type { ContextIdentity, ConversationContext } from '../context/context.ts';
import { awkwardIds, tenantIdArbitrary as idArbitrary } from './policy-arbitrary.ts';

export interface ContextStoreSuite {
  /** The store under test; it may hold contexts of earlier tests. */
  readonly store: () => ConversationContextStore;
  /** Makes a conversation of the tenant and gives its id. */
  readonly newConversation: (tenantId: string) => Promise<string>;
  /** How many generated values a property tries: fewer where each costs a round trip. */
  readonly runs: number;
}

const nodeIds = fc.array(fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', 'e'), idArbitrary), { maxLength: 6 });

const contextArbitrary: fc.Arbitrary<ConversationContext> = fc.record(
  {
    activeNodeIds: nodeIds,
    traceId: idArbitrary,
    rootSpanName: idArbitrary,
    rootSpanId: fc.oneof(fc.constant(''), idArbitrary),
  },
  { requiredKeys: ['activeNodeIds'], noNullPrototype: true },
);

type Step =
  | { readonly kind: 'save'; readonly value: ConversationContext }
  | { readonly kind: 'merge'; readonly ids: readonly string[] };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('save' as const), value: contextArbitrary }),
    fc.record({ kind: fc.constant('merge' as const), ids: nodeIds }),
  ),
  { minLength: 1, maxLength: 6 },
);

function distinct(ids: readonly string[]): string[] {
  return ids.filter((id, place) => ids.indexOf(id) === place);
}

export function describeContextStore(name: string, suite: ContextStoreSuite): void {
  const { store, newConversation, runs } = suite;

  async function newIdentity(tenantId = 'test-tenant'): Promise<ContextIdentity> {
    return { tenantId, conversationId: await newConversation(tenantId) };
  }

  describe(`${name} keeps contexts (#14)`, () => {
    test('a conversation without one has null', async () => {
      expect(await store().load(await newIdentity())).toBeNull();
    });

    test.each(awkwardIds)('the tenant %j finds its own', async (tenantId) => {
      const identity = await newIdentity(tenantId);
      await store().save(identity, { activeNodeIds: ['a'] });
      expect(await store().load(identity)).toEqual({ activeNodeIds: ['a'] });
    });

    test('after any history of saves and merges a context is what they say', async () => {
      await fc.assert(
        fc.asyncProperty(steps, async (history) => {
          const identity = await newIdentity();
          let expected: ConversationContext = { activeNodeIds: [] };
          for (const step of history) {
            if (step.kind === 'save') {
              await store().save(identity, step.value);
              expected = { ...step.value, activeNodeIds: distinct(step.value.activeNodeIds) };
            } else {
              const merged = distinct([...expected.activeNodeIds, ...step.ids]);
              expected = { ...expected, activeNodeIds: merged };
              deepStrictEqual(await store().mergeActiveNodeIds(identity, step.ids), merged);
            }
            // Strict: an undefined or null where a field was absent would differ.
            deepStrictEqual(await store().load(identity), expected);
          }
        }),
        { numRuns: runs },
      );
    });

    test('merges at the same time lose nothing, and keep the order of what was there', async () => {
      const identity = await newIdentity();
      await store().save(identity, { activeNodeIds: ['z', 'y'], traceId: 'trace' });
      const merges = Array.from({ length: 20 }, (_, n) => [`n${n}`, `n${(n + 1) % 20}`, 'y']);
      const answers = await Promise.all(merges.map((ids) => store().mergeActiveNodeIds(identity, ids)));
      const context = await store().load(identity);
      expect(context?.activeNodeIds.slice(0, 2)).toEqual(['z', 'y']);
      expect(context?.activeNodeIds.toSorted()).toEqual(distinct(['z', ...merges.flat()]).toSorted());
      expect(context?.traceId).toBe('trace');
      // Each answer is a moment of one history: what it held stays, in its place.
      for (const ids of answers) expect(context?.activeNodeIds.slice(0, ids.length)).toEqual(ids);
    });

    test('first merges at the same time make one context', async () => {
      const identity = await newIdentity();
      await Promise.all(['a', 'b', 'c', 'd'].map((id) => store().mergeActiveNodeIds(identity, [id])));
      expect((await store().load(identity))?.activeNodeIds.toSorted()).toEqual(['a', 'b', 'c', 'd']);
    });

    test('changing what was given or read changes nothing in the store', async () => {
      const identity = await newIdentity();
      const given = ['a'];
      await store().save(identity, { activeNodeIds: given });
      given.push('later');
      const read = (await store().load(identity))?.activeNodeIds as string[];
      read.push('read');
      const merged = (await store().mergeActiveNodeIds(identity, ['b'])) as string[];
      merged.push('merged');
      expect(await store().load(identity)).toEqual({ activeNodeIds: ['a', 'b'] });
    });

    test('a field that is undefined counts as absent', async () => {
      const identity = await newIdentity();
      const given = { activeNodeIds: [], traceId: undefined };
      await store().save(identity, given as unknown as ConversationContext);
      expect(await store().load(identity)).toStrictEqual({ activeNodeIds: [] });
    });
  });

  describe(`${name} refuses (#14)`, () => {
    test('to show, save or merge for another tenant', async () => {
      const identity = await newIdentity('one');
      await store().save(identity, { activeNodeIds: ['a'] });
      const foreign = { ...identity, tenantId: 'other' };
      const refusal = { code: 'CONVERSATION_NOT_FOUND' };
      expect(await store().load(foreign)).toBeNull();
      await expect(store().save(foreign, { activeNodeIds: [] })).rejects.toMatchObject(refusal);
      await expect(store().mergeActiveNodeIds(foreign, ['b'])).rejects.toMatchObject(refusal);
      expect(await store().load(identity)).toEqual({ activeNodeIds: ['a'] });
    });

    test('a context of a conversation that is not there', async () => {
      const identity = { tenantId: 'one', conversationId: 'nobody-made-it' };
      const refusal = {
        code: 'CONVERSATION_NOT_FOUND',
        message: 'the conversation must exist before its context, got "nobody-made-it"',
      };
      await expect(store().save(identity, { activeNodeIds: [] })).rejects.toMatchObject(refusal);
      await expect(store().mergeActiveNodeIds(identity, [])).rejects.toMatchObject(refusal);
      expect(await store().load(identity)).toBeNull();
    });

    test.each(refusedIdentities)('$says', async ({ identity, says }) => {
      const given = identity as ContextIdentity;
      const refusal = { code: 'INPUT_INVALID', message: says };
      await expect(store().load(given)).rejects.toMatchObject(refusal);
      await expect(store().save(given, { activeNodeIds: [] })).rejects.toMatchObject(refusal);
      await expect(store().mergeActiveNodeIds(given, [])).rejects.toMatchObject(refusal);
    });

    test.each(refusedContexts)('$says', async ({ value, says }) => {
      const saving = store().save(await newIdentity(), value as ConversationContext);
      await expect(saving).rejects.toMatchObject({ code: 'INPUT_INVALID', message: says });
    });

    test('node ids that are none, and an empty name of the writer', async () => {
      const identity = await newIdentity();
      const ids = ['a', ''];
      const updatedBy = '';
      await expect(store().mergeActiveNodeIds(identity, ids)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: '[1] must be a text of 1 to 200 characters, got ""',
      });
      const refusal = {
        code: 'INPUT_INVALID',
        message: 'updatedBy must be a text of 1 to 200 characters, got ""',
      };
      await expect(store().mergeActiveNodeIds(identity, [], { updatedBy })).rejects.toMatchObject(refusal);
      await expect(store().save(identity, { activeNodeIds: [] }, { updatedBy })).rejects.toMatchObject(
        refusal,
      );
      expect(await store().load(identity)).toBeNull();
    });
  });
}

const refusedIdentities: readonly { readonly identity: unknown; readonly says: string }[] = [
  {
    identity: { tenantId: 'global', conversationId: 'c' },
    says: 'tenantId must not be the name of the level above all tenants, got "global"',
  },
  {
    identity: { tenantId: 't', conversationId: '' },
    says: 'conversationId must be a text of 1 to 200 characters, got ""',
  },
  {
    identity: { tenantId: 't', conversationId: 'c', userId: 'u' },
    says: 'identity must hold known fields only, got "userId"',
  },
  { identity: null, says: 'identity must be an object, got null' },
];

const refusedContexts: readonly { readonly value: unknown; readonly says: string }[] = [
  { value: {}, says: 'activeNodeIds must be a list, got nothing' },
  {
    value: { activeNodeIds: [1] },
    says: 'activeNodeIds[0] must be a text of 1 to 200 characters, got 1',
  },
  {
    value: { activeNodeIds: ['\0'] },
    says: 'activeNodeIds[0] must not contain NUL or half of a surrogate pair, got "\\u0000"',
  },
  { value: { activeNodeIds: [], traceId: null }, says: 'traceId must be a text, got null' },
  { value: { activeNodeIds: [], traceid: 't' }, says: 'value must hold known fields only, got "traceid"' },
];
