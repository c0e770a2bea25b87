// Configs across instances: processes of their own that share nothing but PostgreSQL and Redis. Every write of one is
// fresh in the other, at every level that it reaches.
import { createClient } from '@supabase/supabase-js';
import { startStack, type Stack, until } from '@tidemark/devstack';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ForkedInstance } from '../testing/forked-instance.ts';
import { connectSupabase } from '../testing/policy-instance.ts';
import type { ConversationConfigStore } from './config-store.ts';
import type { ConfigIdentity, ConversationConfigPatch } from './config.ts';
import { SupabaseConversationConfigStore } from './supabase-config-store.ts';

let stack: Stack;
let writer: ForkedInstance;
let reader: ForkedInstance;
/** Somebody who knows nothing of the cache: a dashboard, a migration, a user who writes its own row. */
let outsider: SupabaseConversationConfigStore;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  [writer, reader] = await Promise.all([ForkedInstance.start(stack), ForkedInstance.start(stack)]);
  outsider = new SupabaseConversationConfigStore(connectSupabase(stack, stack.serviceRoleKey));
});

afterAll(async () => {
  await Promise.all([writer[Symbol.asyncDispose](), reader[Symbol.asyncDispose]()]);
  await stack.close();
});

let tenants = 0;

/** Two tenants with two users each; both instances hold what applies to all of them in L1. */
async function cachedUsers(): Promise<Required<ConfigIdentity>[]> {
  const users = [1, 2].flatMap(() => {
    tenants += 1;
    return ['ann', 'bob'].map((userId) => ({ tenantId: `tenant-${tenants}`, userId }));
  });
  for (const instance of [writer, reader]) {
    for (const user of users) {
      await instance.stores.configs.getConfig(user, { fresh: true });
      await instance.stores.configs.getConfig(user);
    }
  }
  return users;
}

interface Write {
  readonly what: string;
  readonly run: (
    by: ConversationConfigStore,
    user: Required<ConfigIdentity>,
    config: ConversationConfigPatch,
  ) => Promise<void>;
  /** Which of the four users it reaches; the first is the one it is run with. */
  readonly reaches: readonly number[];
}

const writes: readonly Write[] = [
  {
    what: 'for everybody reaches all',
    run: (by, _, config) => by.setGlobalConfig(config),
    reaches: [0, 1, 2, 3],
  },
  {
    what: 'for a tenant reaches its users',
    run: (by, { tenantId }, config) => by.setTenantConfig({ tenantId, config }),
    reaches: [0, 1],
  },
  {
    what: 'for a user reaches nobody else',
    run: (by, user, config) => by.setUserConfig({ ...user, config }),
    reaches: [0],
  },
];

let values = 0;

/** A value that no config had before. */
function newValue(): number {
  values += 1;
  return 1_000 + values;
}

describe.each([
  ['one instance', (): ConversationConfigStore => writer.stores.configs],
  ['somebody else', (): ConversationConfigStore => outsider],
] as const)('by %s (#10, #44)', (_, by) => {
  test.each(writes)('a set $what: at once, when the read is fresh (R3)', async ({ run, reaches }) => {
    const pathMaxMessages = newValue();
    const users = await cachedUsers();
    await run(by(), users[0]!, { pathMaxMessages });
    for (const [index, user] of users.entries()) {
      const config = await reader.stores.configs.getConfig(user, { fresh: true });
      expect(config.pathMaxMessages === pathMaxMessages).toBe(reaches.includes(index));
    }
  });

  test.each(writes)('a set $what: soon, and never back to the old (R1, R2)', async ({ run, reaches }) => {
    const pathMaxMessages = newValue();
    const users = await cachedUsers();
    await run(by(), users[0]!, { pathMaxMessages });
    await Promise.all(
      users.map(async (user, index) => {
        if (!reaches.includes(index)) return;
        const seen: boolean[] = [];
        await until(
          async () => {
            seen.push((await reader.stores.configs.getConfig(user)).pathMaxMessages === pathMaxMessages);
            return seen.length >= 20 && seen.slice(-20).every(Boolean);
          },
          { what: `the new config of ${user.tenantId}:${user.userId}`, everyMs: 1 },
        );
        expect(seen.slice(seen.indexOf(true)).every(Boolean)).toBe(true);
      }),
    );
    for (const [index, user] of users.entries()) {
      if (reaches.includes(index)) continue;
      expect((await reader.stores.configs.getConfig(user)).pathMaxMessages).not.toBe(pathMaxMessages);
    }
  });

  test('a deleted level is gone everywhere, the wider one applies (#21)', async () => {
    const [ann, bob] = (await cachedUsers()) as [Required<ConfigIdentity>, Required<ConfigIdentity>];
    const { tenantId } = ann;
    await outsider.setTenantConfig({ tenantId, config: {} });
    await outsider.setUserConfig({ ...ann, config: {} });
    const levelOf = async (user: ConfigIdentity): Promise<string> =>
      (await reader.stores.configs.getConfig(user)).configLevel;
    await until(async () => (await levelOf(ann)) === 'user' && (await levelOf(bob)) === 'tenant', {
      what: 'both rows at the reader',
    });

    await by().deleteUserConfig(ann);
    await until(async () => (await levelOf(ann)) === 'tenant', { what: 'no row of the user' });
    await by().deleteTenantConfig(tenantId);
    await until(async () => (await levelOf(ann)) === 'global' && (await levelOf(bob)) === 'global', {
      what: 'no row of the tenant',
    });
    expect(await reader.stores.configs.getConfig(ann, { fresh: true })).toMatchObject({
      configLevel: 'global',
    });
  });
});

test('the writing instance reads its own writes next, at every level (R3)', async () => {
  const user = (await cachedUsers())[0]!;
  const { configs } = writer.stores;
  for (let round = 0; round < 5; round += 1) {
    for (const { run } of writes) {
      const pathMaxMessages = newValue();
      await run(configs, user, { pathMaxMessages });
      expect((await configs.getConfig(user)).pathMaxMessages).toBe(pathMaxMessages);
    }
    await configs.deleteUserConfig(user);
    expect((await configs.getConfig(user)).configLevel).toBe('tenant');
    await configs.deleteTenantConfig(user.tenantId);
    expect((await configs.getConfig(user)).configLevel).toBe('global');
  }
});

test('a row that its user writes through row level security reaches every instance (#23)', async () => {
  const user = (await cachedUsers())[0]!;
  const token = await stack.signJwt({ tenant_id: user.tenantId, sub: user.userId });
  const own = new SupabaseConversationConfigStore(
    createClient(stack.url, stack.anonKey, { accessToken: () => Promise.resolve(token) }),
  );
  await own.setUserConfig({ ...user, config: { pathMaxMessages: 4_321 } });
  for (const instance of [writer, reader]) {
    await until(async () => (await instance.stores.configs.getConfig(user)).pathMaxMessages === 4_321, {
      what: 'the config that the user set',
    });
  }
  expect(await outsider.getConfig(user)).toMatchObject({ configLevel: 'user', updatedBy: user.userId });
  await expect(own.setTenantConfig({ tenantId: user.tenantId, config: {} })).rejects.toMatchObject({
    code: 'SOURCE_FAILED',
    sourceCode: '42501',
  });
});
