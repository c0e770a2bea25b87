import { createLlmRouter, InMemoryPolicyStore, type TenantLlmPolicy } from '@tidemark/stores';
import { expect, test } from 'vitest';
import { providers, routerDefaults } from '../instance/model-routing.ts';
import { type RouteReply, textOfPolicy, textOfReply } from './answer.ts';

const policy: TenantLlmPolicy = {
  tenantId: 'acme',
  defaultModel: 'gpt-4o',
  defaultProvider: 'openai',
  allowRemoteEgress: true,
  tasks: [],
};

/** What an instance would answer, by a router that reads the policy from memory. */
async function replyFor(held: TenantLlmPolicy | null): Promise<RouteReply> {
  const policyStore = new InMemoryPolicyStore();
  if (held !== null) await policyStore.setPolicy(held);
  const router = createLlmRouter({
    policyStore,
    providers,
    defaultProvider: routerDefaults.provider,
    defaultModel: routerDefaults.model,
  });
  return router.route({ tenantId: 'acme' }).then(
    (route) => ({ isHit: false, route }),
    (error: { code: string; message: string }) => ({ isHit: false, error }),
  );
}

test.each([
  ['no policy', null],
  ['a policy', policy],
  ['an egress mode', { ...policy, egressMode: 'audit' }],
  ['off where it is not allowed', { ...policy, egressMode: 'off' }],
  ['local only', { ...policy, defaultProvider: 'local', allowRemoteEgress: false }],
  ['a policy that admits nothing', { ...policy, allowRemoteEgress: false }],
  ['a provider that the instances do not have', { ...policy, defaultProvider: 'elsewhere' }],
] as const)('of %s the router answers what its row says', async (_, held) => {
  expect(textOfReply(await replyFor(held))).toBe(textOfPolicy(held));
});

test('different rows have different texts', () => {
  const rows = [null, policy, { ...policy, defaultModel: 'x' }, { ...policy, egressMode: 'audit' as const }];
  expect(new Set(rows.map(textOfPolicy)).size).toBe(rows.length);
});

test('a source that failed is no answer', () => {
  expect(textOfReply({ isHit: false, error: { code: 'SOURCE_FAILED', message: '' } })).toBeUndefined();
});
