// The truth table of the egress mode, written out; and the rule, checked against all inputs.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { egressModes, type EgressMode, type TenantLlmPolicy } from '../policy/policy.ts';
import { somePolicy } from '../testing/policy-arbitrary.ts';
import { resolveEgress } from './egress.ts';

type Mode = EgressMode | undefined;
type Allowed = boolean | undefined;

interface Asked {
  readonly base?: EgressMode;
  readonly tenant?: Mode;
  readonly tenantMayTurnOff?: Allowed;
  readonly user?: Mode;
  readonly userMayTurnOff?: Allowed;
  readonly override?: Mode;
}

function policyOf({ tenant, tenantMayTurnOff, user, userMayTurnOff }: Asked): TenantLlmPolicy {
  return somePolicy({
    ...(tenant !== undefined && { egressMode: tenant }),
    ...(tenantMayTurnOff !== undefined && { allowOffMode: tenantMayTurnOff }),
    userPolicies: {
      u: {
        ...(user !== undefined && { egressMode: user }),
        ...(userMayTurnOff !== undefined && { allowOffMode: userMayTurnOff }),
      },
    },
  });
}

function resolve(asked: Asked): string {
  const { requestedMode, effectiveMode } = resolveEgress({
    baseMode: asked.base ?? 'enforce',
    policy: policyOf(asked),
    userId: 'u',
    override: asked.override,
  });
  return `${requestedMode} -> ${effectiveMode}`;
}

const table: readonly (readonly [Asked, string])[] = [
  // One candidate.
  [{}, 'enforce -> enforce'],
  [{ base: 'audit' }, 'audit -> audit'],
  [{ base: 'off' }, 'off -> off'],
  [{ tenant: 'enforce', base: 'off' }, 'enforce -> enforce'],
  [{ tenant: 'audit' }, 'audit -> audit'],
  [{ user: 'audit' }, 'audit -> audit'],
  [{ override: 'audit' }, 'audit -> audit'],
  // The later one wins.
  [{ tenant: 'audit', user: 'enforce' }, 'enforce -> enforce'],
  [{ tenant: 'enforce', user: 'audit' }, 'audit -> audit'],
  [{ tenant: 'audit', user: 'audit', override: 'enforce' }, 'enforce -> enforce'],
  // Off at the tenant: by the tenant's word only.
  [{ tenant: 'off' }, 'off -> enforce'],
  [{ tenant: 'off', base: 'audit' }, 'off -> audit'],
  [{ tenant: 'off', tenantMayTurnOff: false }, 'off -> enforce'],
  [{ tenant: 'off', tenantMayTurnOff: true }, 'off -> off'],
  [{ tenant: 'off', userMayTurnOff: true }, 'off -> enforce'],
  // Off at the user: by the user's word, else the tenant's.
  [{ user: 'off' }, 'off -> enforce'],
  [{ user: 'off', tenantMayTurnOff: true }, 'off -> off'],
  [{ user: 'off', tenantMayTurnOff: true, userMayTurnOff: false }, 'off -> enforce'],
  [{ user: 'off', userMayTurnOff: true }, 'off -> off'],
  [{ user: 'off', tenantMayTurnOff: false, userMayTurnOff: true }, 'off -> off'],
  [{ tenant: 'audit', user: 'off' }, 'off -> audit'],
  // Off for the call: as for the user.
  [{ override: 'off' }, 'off -> enforce'],
  [{ override: 'off', tenantMayTurnOff: true }, 'off -> off'],
  [{ override: 'off', tenantMayTurnOff: true, userMayTurnOff: false }, 'off -> enforce'],
  [{ override: 'off', userMayTurnOff: true }, 'off -> off'],
  [{ tenant: 'enforce', user: 'audit', override: 'off' }, 'off -> audit'],
  // A refused off does not undo an off that was allowed before it, nor hide what comes after.
  [{ base: 'off', override: 'off' }, 'off -> off'],
  [{ tenant: 'off', tenantMayTurnOff: true, user: 'off', userMayTurnOff: false }, 'off -> off'],
  [{ tenant: 'off', user: 'audit' }, 'audit -> audit'],
  [{ user: 'off', override: 'enforce' }, 'enforce -> enforce'],
  [{ tenant: 'off', tenantMayTurnOff: true, override: 'enforce' }, 'enforce -> enforce'],
];

test.each(table)('%j gives %s (#17)', (asked, expected) => {
  expect(resolve(asked)).toBe(expected);
});

describe('without a policy', () => {
  test.each([
    ['enforce', undefined, 'enforce', 'enforce'],
    ['enforce', 'audit', 'audit', 'audit'],
    ['enforce', 'off', 'off', 'enforce'],
    ['off', 'off', 'off', 'off'],
    ['audit', 'enforce', 'enforce', 'enforce'],
  ] as const)('base %s and override %s', (baseMode, override, requestedMode, effectiveMode) => {
    expect(resolveEgress({ baseMode, policy: null, userId: 'u', override })).toEqual({
      requestedMode,
      effectiveMode,
    });
  });
});

describe('the user', () => {
  const policy = somePolicy({ userPolicies: { u: { egressMode: 'audit' } } });

  test.each([undefined, 'other', 'constructor', '__proto__', 'toString'])(
    '%s has no rule of another',
    (userId) => {
      expect(resolveEgress({ baseMode: 'enforce', policy, userId })).toEqual({
        requestedMode: 'enforce',
        effectiveMode: 'enforce',
      });
    },
  );
});

test("a rule that the object of the users inherits is nobody's", () => {
  const userPolicies = Object.create({ u: { egressMode: 'audit' } }) as Record<string, never>;
  const question = { baseMode: 'enforce', policy: somePolicy({ userPolicies }), userId: 'u' } as const;
  expect(resolveEgress(question).effectiveMode).toBe('enforce');
});

const mode = fc.option(fc.constantFrom(...egressModes), { nil: undefined });
const allowed = fc.option(fc.boolean(), { nil: undefined });
const askedArbitrary = fc.record({
  base: fc.constantFrom('audit' as const, 'enforce' as const),
  tenant: mode,
  tenantMayTurnOff: allowed,
  user: mode,
  userMayTurnOff: allowed,
  override: mode,
});

test('off takes effect only where somebody who may allow it did', () => {
  fc.assert(
    fc.property(askedArbitrary, (asked) => {
      if (!resolve(asked).endsWith('-> off')) return;
      expect([asked.tenantMayTurnOff, asked.userMayTurnOff]).toContain(true);
    }),
    { numRuns: 1_000 },
  );
});

test('what was requested is what the last candidate said', () => {
  fc.assert(
    fc.property(askedArbitrary, (asked) => {
      const last = asked.override ?? asked.user ?? asked.tenant ?? asked.base;
      expect(resolve(asked).startsWith(`${last} ->`)).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});
