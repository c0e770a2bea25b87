import { FakeClock } from '@tidemark/devstack/fakes';
import { expect, test } from 'vitest';
import { describeConfigStore } from '../testing/config-store-suite.ts';
import { InMemoryConversationConfigStore } from './in-memory-config-store.ts';

test('without any row the defaults apply, since the start of 1970 (#9)', async () => {
  const store = new InMemoryConversationConfigStore();
  expect(await store.getConfig({ tenantId: 't', userId: 'u' })).toMatchObject({
    configLevel: 'global',
    configScope: 'global',
    updatedAt: new Date(0),
  });
});

const suiteStore = new InMemoryConversationConfigStore();
describeConfigStore('InMemoryConversationConfigStore', { store: () => suiteStore, runs: 200 });

test('a row carries the time of its last set', async () => {
  const clock = new FakeClock();
  const store = new InMemoryConversationConfigStore(clock);
  await store.setTenantConfig({ tenantId: 't', config: {} });
  await clock.advance(1_000);
  await store.setTenantConfig({ tenantId: 't', config: {} });
  expect((await store.getConfig({ tenantId: 't' })).updatedAt).toEqual(new Date(clock.wallMs()));
});

test('changing what was read changes nothing in the store', async () => {
  const store = new InMemoryConversationConfigStore();
  await store.setTenantConfig({ tenantId: 't', config: { mergeMaxMessages: 7 } });
  const [level] = await store.getLevels(['t']);
  Object.assign(level?.fields ?? {}, { mergeMaxMessages: 8 });
  (await store.getConfig({ tenantId: 't' })).updatedAt.setTime(1);
  const config = await store.getConfig({ tenantId: 't' });
  expect(config.mergeMaxMessages).toBe(7);
  expect(config.updatedAt.getTime()).toBeGreaterThan(1);
});
