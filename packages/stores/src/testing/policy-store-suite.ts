// The conformance suite: what every LlmPolicyStore does, whatever keeps the policies.
import { deepStrictEqual } from 'node:assert/strict';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { LlmPolicyStore } from '../policy/policy-store.ts';
import type { TenantLlmPolicy } from '../policy/policy.ts';
import { awkwardIds, policyArbitrary, somePolicy, tenantIdArbitrary } from './policy-arbitrary.ts';

export interface PolicyStoreSuite {
  /** The store under test; it may hold policies of earlier tests. */
  readonly store: () => LlmPolicyStore;
  /** How many generated policies a property tries: fewer where each costs a round trip. */
  readonly runs: number;
}

let tenants = 0;

function newTenant(): string {
  tenants += 1;
  return `suite-tenant-${tenants}`;
}

export function describePolicyStore(name: string, suite: PolicyStoreSuite): void {
  const { store, runs } = suite;

  describe(`${name} keeps policies`, () => {
    test('a missing policy is null (#1, #43)', async () => {
      expect(await store().getPolicy(newTenant())).toBeNull();
    });

    test('every field that was set comes back as it was, and absent ones stay absent (#1, #2, #43)', async () => {
      await fc.assert(
        fc.asyncProperty(policyArbitrary, async (policy) => {
          await store().setPolicy(policy);
          // Strict: an undefined or null where a field was absent would differ. Node's own comparison, because
          // that of vitest takes a user called `constructor` for a difference in type.
          deepStrictEqual(await store().getPolicy(policy.tenantId), policy);
          deepStrictEqual(await store().getPolicy(policy.tenantId), policy);
        }),
        { numRuns: runs },
      );
    });

    test('a policy replaces the one before as a whole (#1, #5)', async () => {
      await fc.assert(
        fc.asyncProperty(policyArbitrary, policyArbitrary, async (first, second) => {
          await store().setPolicy(first);
          await store().getPolicy(first.tenantId);
          const replacement = { ...second, tenantId: first.tenantId };
          await store().setPolicy(replacement);
          deepStrictEqual(await store().getPolicy(first.tenantId), replacement);
        }),
        { numRuns: runs },
      );
    });

    test('a deleted policy is null, also for those who had read it (#1)', async () => {
      const policy = somePolicy({ tenantId: newTenant() });
      await store().setPolicy(policy);
      await store().getPolicy(policy.tenantId);
      await store().deletePolicy(policy.tenantId);
      expect(await store().getPolicy(policy.tenantId)).toBeNull();
    });

    test('a policy that is set after its absence was read is found', async () => {
      const policy = somePolicy({ tenantId: newTenant() });
      expect(await store().getPolicy(policy.tenantId)).toBeNull();
      await store().setPolicy(policy);
      expect(await store().getPolicy(policy.tenantId)).toStrictEqual(policy);
    });

    test('deleting a policy that is not there does nothing', async () => {
      await expect(store().deletePolicy(newTenant())).resolves.toBeUndefined();
    });

    test('tenants do not see each other, whatever their ids look like', async () => {
      await fc.assert(
        fc.asyncProperty(tenantIdArbitrary, tenantIdArbitrary, async (one, other) => {
          fc.pre(one !== other);
          await store().setPolicy(somePolicy({ tenantId: one, defaultModel: 'of one' }));
          await store().deletePolicy(other);
          expect(await store().getPolicy(other)).toBeNull();
          expect((await store().getPolicy(one))?.defaultModel).toBe('of one');
        }),
        { numRuns: runs },
      );
    });

    test.each(awkwardIds)('the tenant %j finds its own policy, and deletes it', async (tenantId) => {
      const policy = somePolicy({ tenantId });
      await store().setPolicy(policy);
      expect(await store().getPolicy(tenantId, { fresh: true })).toStrictEqual(policy);
      await store().deletePolicy(tenantId);
      expect(await store().getPolicy(tenantId, { fresh: true })).toBeNull();
    });

    test('a tenant id may have 200 characters, counted as PostgreSQL counts them', async () => {
      const tenantId = '👍'.repeat(200);
      await store().setPolicy(somePolicy({ tenantId }));
      expect((await store().getPolicy(tenantId))?.tenantId).toBe(tenantId);
    });

    test('a fresh read gives what was set', async () => {
      const policy = somePolicy({ tenantId: newTenant() });
      await store().setPolicy(policy);
      expect(await store().getPolicy(policy.tenantId, { fresh: true })).toStrictEqual(policy);
    });

    test('changing the object that was given changes nothing in the store', async () => {
      const policy = {
        ...somePolicy({ tenantId: newTenant() }),
        tasks: [] as TenantLlmPolicy['tasks'][number][],
      };
      await store().setPolicy(policy);
      policy.tasks.push({ task: 'later', model: 'm', provider: 'p' });
      expect((await store().getPolicy(policy.tenantId))?.tasks).toEqual([]);
    });

    test('a field that is undefined counts as absent', async () => {
      const policy = somePolicy({ tenantId: newTenant() });
      const given = {
        ...policy,
        egressMode: undefined,
        tasks: [{ task: 't', model: 'm', provider: 'p', maxTokens: undefined }],
      };
      await store().setPolicy(given as unknown as TenantLlmPolicy);
      expect(await store().getPolicy(policy.tenantId)).toStrictEqual({
        ...policy,
        tasks: [{ task: 't', model: 'm', provider: 'p' }],
      });
    });
  });

  describe(`${name} refuses`, () => {
    test.each(refusedPolicies)('$what (#3)', async ({ changes, says }) => {
      const policy = { ...somePolicy({ tenantId: newTenant() }), ...changes } as unknown as TenantLlmPolicy;
      await expect(store().setPolicy(policy)).rejects.toMatchObject({ code: 'INPUT_INVALID', message: says });
    });

    test.each(refusedTenantIds)('to read or delete under the tenant id $what', async ({ tenantId, says }) => {
      const id = tenantId as string;
      const refusal = { code: 'INPUT_INVALID', message: `tenantId ${says}` };
      await expect(store().getPolicy(id)).rejects.toMatchObject(refusal);
      await expect(store().deletePolicy(id)).rejects.toMatchObject(refusal);
      await expect(store().setPolicy(somePolicy({ tenantId: id }))).rejects.toMatchObject(refusal);
    });

    test('an empty name of the writer', async () => {
      await expect(
        store().setPolicy(somePolicy({ tenantId: newTenant() }), { updatedBy: '' }),
      ).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: 'updatedBy must be a text of 1 to 200 characters, got ""',
      });
    });

    test('a refused policy leaves the one before in place', async () => {
      const policy = somePolicy({ tenantId: newTenant(), egressMode: 'enforce' });
      await store().setPolicy(policy);
      const refused = { ...policy, egressMode: 'of' } as unknown as TenantLlmPolicy;
      await expect(store().setPolicy(refused)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
      expect(await store().getPolicy(policy.tenantId)).toStrictEqual(policy);
    });
  });
}

const task = { task: 'chat', model: 'm', provider: 'p' };

const refusedPolicies: readonly { what: string; changes: object; says: string }[] = [
  {
    what: 'an unknown egress mode',
    changes: { egressMode: 'x' },
    says: 'egressMode must be one of off, audit, enforce, got "x"',
  },
  {
    what: 'null for an absent egress mode',
    changes: { egressMode: null },
    says: 'egressMode must be one of off, audit, enforce, got null',
  },
  {
    what: 'an unknown egress mode of a user',
    changes: { userPolicies: { 'u 1': { egressMode: 'OFF' } } },
    says: 'userPolicies["u 1"].egressMode must be one of off, audit, enforce, got "OFF"',
  },
  {
    what: 'a user id that objects inherit their nature from',
    changes: { userPolicies: JSON.parse('{"__proto__": {"egressMode": "off"}}') as object },
    says: 'userPolicies must not have "__proto__" as a user id, got an object',
  },
  {
    what: 'an empty user id',
    changes: { userPolicies: { '': {} } },
    says: 'userPolicies[""] must be keyed by user ids of 1 to 200 characters, got an object',
  },
  {
    what: 'a list of users',
    changes: { userPolicies: [] },
    says: 'userPolicies must be an object, got a list',
  },
  {
    what: 'a misspelt field',
    changes: { egresMode: 'off' },
    says: 'policy must hold known fields only, got "egresMode"',
  },
  {
    what: 'a misspelt field of a task',
    changes: { tasks: [{ ...task, temprature: 1 }] },
    says: 'tasks[0] must hold known fields only, got "temprature"',
  },
  {
    what: 'a misspelt field of a user',
    changes: { userPolicies: { u: { alowOffMode: true } } },
    says: 'userPolicies.u must hold known fields only, got "alowOffMode"',
  },
  {
    what: 'a missing model',
    changes: { defaultModel: undefined },
    says: 'defaultModel must be a non-empty text, got nothing',
  },
  {
    what: 'an empty provider',
    changes: { defaultProvider: '' },
    says: 'defaultProvider must be a non-empty text, got ""',
  },
  {
    what: 'a text for a flag',
    changes: { allowRemoteEgress: 'false' },
    says: 'allowRemoteEgress must be true or false, got "false"',
  },
  { what: 'tasks that are no list', changes: { tasks: {} }, says: 'tasks must be a list, got an object' },
  {
    what: 'a temperature below 0',
    changes: { tasks: [{ ...task, temperature: -1 }] },
    says: 'tasks[0].temperature must be at least 0, got -1',
  },
  {
    what: 'a temperature that is no number',
    changes: { tasks: [task, { ...task, temperature: Number.NaN }] },
    says: 'tasks[1].temperature must be a number of at least 0, got NaN',
  },
  {
    what: 'half a token',
    changes: { tasks: [{ ...task, maxTokens: 1.5 }] },
    says: 'tasks[0].maxTokens must be an integer of at least 1, got 1.5',
  },
  {
    what: 'no tokens',
    changes: { tasks: [{ ...task, maxTokens: 0 }] },
    says: 'tasks[0].maxTokens must be at least 1, got 0',
  },
  {
    what: 'a NUL, which PostgreSQL can not store',
    changes: { defaultModel: 'a\0b' },
    says: 'defaultModel must not contain NUL or half of a surrogate pair, got "a\\u0000b"',
  },
  {
    what: 'half of a surrogate pair',
    changes: { tasks: [{ ...task, model: '\uD83D' }] },
    says: 'tasks[0].model must not contain NUL or half of a surrogate pair, got "\\ud83d"',
  },
  {
    what: 'two things at once, and names both',
    changes: { egressMode: 'x', defaultModel: 3 },
    says: 'defaultModel must be a non-empty text, got 3; egressMode must be one of off, audit, enforce, got "x"',
  },
];

const refusedTenantIds: readonly { what: string; tenantId: unknown; says: string }[] = [
  {
    what: 'global',
    tenantId: 'global',
    says: 'must not be the name of the level above all tenants, got "global"',
  },
  { what: 'that is empty', tenantId: '', says: 'must be a text of 1 to 200 characters, got ""' },
  {
    what: 'of 201 characters',
    tenantId: 'x'.repeat(201),
    says: `must be a text of 1 to 200 characters, got "${'x'.repeat(60)}"…`,
  },
  {
    what: 'of 201 characters that are two units each',
    tenantId: '👍'.repeat(201),
    says: `must be a text of 1 to 200 characters, got "${'👍'.repeat(30)}"…`,
  },
  {
    what: 'with a NUL',
    tenantId: '\0',
    says: 'must not contain NUL or half of a surrogate pair, got "\\u0000"',
  },
  { what: 'that is no text', tenantId: ['a'], says: 'must be a text of 1 to 200 characters, got a list' },
];
