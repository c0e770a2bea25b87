import { expect, test } from 'vitest';
import { describePolicyStore } from '../testing/policy-store-suite.ts';
import { somePolicy } from '../testing/policy-arbitrary.ts';
import { InMemoryPolicyStore } from './in-memory-policy-store.ts';

const store = new InMemoryPolicyStore();
describePolicyStore('InMemoryPolicyStore', { store: () => store, runs: 200 });

test('changing what was read changes nothing in the store', async () => {
  await store.setPolicy(somePolicy());
  const read = await store.getPolicy('test-tenant');
  Object.assign(read ?? {}, { defaultModel: 'changed' });
  expect(await store.getPolicy('test-tenant')).toStrictEqual(somePolicy());
});
