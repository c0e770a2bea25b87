// The conformance suite: what every ConversationConfigStore does, whatever keeps the configs.
import * as fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ConversationConfigStore } from '../config/config-store.ts';
import {
  defaultConversationConfig,
  type ConfigIdentity,
  type ConversationConfig,
  type ConversationConfigPatch,
} from '../config/config.ts';
import {
  clearingPatch,
  ConfigModel,
  historyArbitrary,
  patchArbitrary,
  type LevelWrite,
} from './config-arbitrary.ts';
import { refusedIds, refusedPatches } from './config-refusals.ts';
import { tenantIdArbitrary } from './policy-arbitrary.ts';

export interface ConfigStoreSuite {
  /** The store under test; it may hold configs of earlier tests. */
  readonly store: () => ConversationConfigStore;
  /** How many generated histories a property tries: fewer where each costs round trips. */
  readonly runs: number;
  /** Says in another way what applies, e.g. by SQL; fields, level and scope at least. */
  readonly alsoSays?: (identity: ConfigIdentity) => Promise<unknown>;
}

let tenants = 0;

function newTenant(): string {
  tenants += 1;
  return `config-tenant-${tenants}`;
}

function write(store: ConversationConfigStore, { level, ...change }: LevelWrite): Promise<void> {
  const { tenantId, userId } = level;
  if (change.kind === 'delete') {
    const ofTenant = level as ConfigIdentity;
    if (userId === undefined) return store.deleteTenantConfig(ofTenant.tenantId);
    return store.deleteUserConfig({ tenantId: ofTenant.tenantId, userId });
  }
  const { config } = change;
  if (tenantId === undefined) return store.setGlobalConfig(config);
  if (userId === undefined) return store.setTenantConfig({ tenantId, config });
  return store.setUserConfig({ tenantId, userId, config });
}

export function describeConfigStore(name: string, suite: ConfigStoreSuite): void {
  const { store, runs, alsoSays } = suite;
  const pairs = fc.uniqueArray(tenantIdArbitrary, { minLength: 2, maxLength: 2 });
  const get = (tenantId: string, userId?: string): Promise<ConversationConfig> =>
    store().getConfig(userId === undefined ? { tenantId } : { tenantId, userId });

  describe(`${name} keeps configs (#8)`, () => {
    beforeEach(() => store().setGlobalConfig(clearingPatch));

    test('the defaults apply where no level has a word (#9)', async () => {
      expect(await get(newTenant(), 'u')).toEqual({
        mergeCompressionStrategy: 'moderate',
        mergeMaxMessages: 100,
        mergePreservePinned: true,
        pathCompressionStrategy: 'sliding_window',
        pathMaxMessages: 200,
        pathSlidingWindowSize: 50,
        pathCompressionThreshold: 0.85,
        autoCompactEnabled: true,
        compactionIntervalMinutes: 60,
        configLevel: 'global',
        configScope: 'global',
        updatedAt: expect.any(Date),
      });
    });

    test('after any history an unset field equals the next wider level, for everybody', async () => {
      const histories = fc.tuple(pairs, pairs).chain(([tenantIds, userIds]) => {
        const [two, users] = [tenantIds, userIds] as [string, string][];
        return fc.record({
          readers: fc.constant(
            two!.flatMap((tenantId) => [{ tenantId }, ...users!.map((userId) => ({ tenantId, userId }))]),
          ),
          history: historyArbitrary(two!, users!),
        });
      });
      await fc.assert(
        fc.asyncProperty(histories, async ({ readers, history }) => {
          const model = new ConfigModel();
          const fromNothing: LevelWrite[] = [
            { kind: 'set', level: {}, config: clearingPatch },
            ...readers.map((level) => ({ kind: 'delete', level }) as const),
          ];
          await Promise.all(fromNothing.map((change) => write(store(), change)));
          for (const change of history) {
            await write(store(), change);
            model.apply(change);
            await Promise.all(
              readers.map(async (identity) => {
                const expected = model.effective(identity);
                expect(await store().getConfig(identity)).toMatchObject(expected);
                if (alsoSays !== undefined) expect(await alsoSays(identity)).toMatchObject(expected);
              }),
            );
          }
        }),
        { numRuns: runs },
      );
    });

    test('every field that was set comes back as it was', async () => {
      await fc.assert(
        fc.asyncProperty(patchArbitrary, async (patch) => {
          const tenantId = newTenant();
          await store().setUserConfig({ tenantId, userId: 'u', config: patch });
          const set = Object.entries(patch).filter(([, value]) => value !== null);
          expect(await get(tenantId, 'u')).toMatchObject(Object.fromEntries(set));
        }),
        { numRuns: runs },
      );
    });

    test('a set leaves what it does not name as it is, and null takes a word back', async () => {
      const tenantId = newTenant();
      await store().setTenantConfig({ tenantId, config: { mergeMaxMessages: 7, pathMaxMessages: 8 } });
      await store().setTenantConfig({ tenantId, config: { mergeMaxMessages: 9, autoCompactEnabled: false } });
      await store().setTenantConfig({ tenantId, config: { mergeMaxMessages: null } });
      expect(await get(tenantId)).toMatchObject({
        mergeMaxMessages: defaultConversationConfig.mergeMaxMessages,
        pathMaxMessages: 8,
        autoCompactEnabled: false,
      });
    });

    test('a field that is undefined counts as absent', async () => {
      const tenantId = newTenant();
      await store().setTenantConfig({ tenantId, config: { mergeMaxMessages: 7 } });
      const config = {
        mergeMaxMessages: undefined,
        pathMaxMessages: 8,
      } as unknown as ConversationConfigPatch;
      await store().setTenantConfig({ tenantId, config });
      expect(await get(tenantId)).toMatchObject({ mergeMaxMessages: 7, pathMaxMessages: 8 });
    });

    test('level, scope, time and author are those of the narrowest row, though it sets nothing (#9)', async () => {
      const tenantId = newTenant();
      await store().setTenantConfig({ tenantId, config: { mergeMaxMessages: 7 }, updatedBy: 'admin' });
      const ofTenant = await get(tenantId, 'u');
      expect(ofTenant).toMatchObject({ configLevel: 'tenant', configScope: tenantId, updatedBy: 'admin' });
      expect(ofTenant.updatedAt.getTime()).toBeGreaterThan(0);

      await store().setUserConfig({ tenantId, userId: 'u', config: {} });
      const ofUser = await get(tenantId, 'u');
      expect(ofUser).toMatchObject({ mergeMaxMessages: 7, configLevel: 'user', configScope: 'u' });
      expect(ofUser).not.toHaveProperty('updatedBy');
      expect(ofUser.updatedAt).toBeInstanceOf(Date);
      expect(await get(tenantId)).toEqual(ofTenant);
    });

    test('the author is the one of the last set', async () => {
      const tenantId = newTenant();
      await store().setTenantConfig({ tenantId, config: {}, updatedBy: 'first' });
      await store().setTenantConfig({ tenantId, config: {}, updatedBy: 'second' });
      expect((await get(tenantId)).updatedBy).toBe('second');
      await store().setTenantConfig({ tenantId, config: {} });
      expect(await get(tenantId)).not.toHaveProperty('updatedBy');
      await store().setGlobalConfig({}, 'third');
      expect((await get(newTenant())).updatedBy).toBe('third');
    });

    test('deleting a level gives its users the next wider one, and keeps the narrower rows', async () => {
      const tenantId = newTenant();
      await store().setTenantConfig({ tenantId, config: { mergeMaxMessages: 7, pathMaxMessages: 7 } });
      await store().setUserConfig({ tenantId, userId: 'u', config: { mergeMaxMessages: 8 } });
      await store().deleteTenantConfig(tenantId);
      const { pathMaxMessages } = await get(newTenant());
      expect(await get(tenantId, 'u')).toMatchObject({ mergeMaxMessages: 8, pathMaxMessages });
      await store().deleteUserConfig({ tenantId, userId: 'u' });
      expect((await get(tenantId, 'u')).configLevel).toBe('global');
    });

    test('deleting what is not there does nothing', async () => {
      const tenantId = newTenant();
      await expect(store().deleteTenantConfig(tenantId)).resolves.toBeUndefined();
      await expect(store().deleteUserConfig({ tenantId, userId: 'u' })).resolves.toBeUndefined();
    });

    test.each([
      [['a:b'], ['a', 'b']],
      [['a%3Ab'], ['a', 'b']],
      [
        ['a', 'b:c'],
        ['a:b', 'c'],
      ],
      [['a', 'global'], ['a']],
    ] as const)('%j and %j are two levels', async (one, other) => {
      const begin = newTenant();
      const [first, second] = [one, other].map(([end, userId]) =>
        userId === undefined ? { tenantId: begin + end } : { tenantId: begin + end, userId },
      ) as [ConfigIdentity, ConfigIdentity];
      await write(store(), { kind: 'set', level: first, config: { mergeMaxMessages: 321 } });
      expect((await store().getConfig(second)).mergeMaxMessages).not.toBe(321);
      expect((await store().getConfig(first)).mergeMaxMessages).toBe(321);
    });

    test('ids may have 200 characters each, counted as PostgreSQL counts them', async () => {
      const [tenantId, userId] = ['👍'.repeat(200), '%'.repeat(200)];
      await store().setUserConfig({ tenantId, userId, config: { mergeMaxMessages: 5 } });
      expect(await get(tenantId, userId)).toMatchObject({ mergeMaxMessages: 5, configScope: userId });
    });

    test('a fresh read gives what was set', async () => {
      const tenantId = newTenant();
      await store().setUserConfig({ tenantId, userId: 'u', config: { mergeMaxMessages: 5 } });
      expect(await store().getConfig({ tenantId, userId: 'u' }, { fresh: true })).toMatchObject({
        mergeMaxMessages: 5,
      });
    });

    test('changing the object that was given changes nothing in the store', async () => {
      const tenantId = newTenant();
      const config = { mergeMaxMessages: 5 };
      await store().setTenantConfig({ tenantId, config });
      config.mergeMaxMessages = 6;
      expect((await get(tenantId)).mergeMaxMessages).toBe(5);
    });
  });

  describe(`${name} refuses (#8)`, () => {
    test.each(refusedPatches)('$what', async ({ config, says }) => {
      const given = config as ConversationConfigPatch;
      const tenantId = newTenant();
      const refusal = { code: 'INPUT_INVALID', message: says };
      await expect(store().setGlobalConfig(given)).rejects.toMatchObject(refusal);
      await expect(store().setTenantConfig({ tenantId, config: given })).rejects.toMatchObject(refusal);
      await expect(store().setUserConfig({ tenantId, userId: 'u', config: given })).rejects.toMatchObject(
        refusal,
      );
    });

    test.each(refusedIds)('the tenant $what', async ({ id, says }) => {
      const tenantId = id as string;
      const refusal = { code: 'INPUT_INVALID', message: `tenantId ${says}` };
      await expect(get(tenantId)).rejects.toMatchObject(refusal);
      await expect(get(tenantId, 'u')).rejects.toMatchObject(refusal);
      await expect(store().setTenantConfig({ tenantId, config: {} })).rejects.toMatchObject(refusal);
      await expect(store().setUserConfig({ tenantId, userId: 'u', config: {} })).rejects.toMatchObject(
        refusal,
      );
      await expect(store().deleteTenantConfig(tenantId)).rejects.toMatchObject(refusal);
      await expect(store().deleteUserConfig({ tenantId, userId: 'u' })).rejects.toMatchObject(refusal);
    });

    test.each(refusedIds.filter(({ id }) => id !== 'global'))('the user $what', async ({ id, says }) => {
      const level = { tenantId: newTenant(), userId: id as string };
      const refusal = { code: 'INPUT_INVALID', message: `userId ${says}` };
      await expect(store().getConfig(level)).rejects.toMatchObject(refusal);
      await expect(store().setUserConfig({ ...level, config: {} })).rejects.toMatchObject(refusal);
      await expect(store().deleteUserConfig(level)).rejects.toMatchObject(refusal);
    });

    test('the config of a user without the user, and of a tenant with one', async () => {
      const tenantId = newTenant();
      await expect(store().setUserConfig({ tenantId, config: {} })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: 'userId must be a text of 1 to 200 characters, got nothing',
      });
      await expect(store().setTenantConfig({ tenantId, userId: 'u', config: {} })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: 'userId must be absent, because setUserConfig writes the row of a user, got "u"',
      });
    });

    test('null for no user, also where a user of that name has a row', async () => {
      const tenantId = newTenant();
      await store().setUserConfig({ tenantId, userId: 'null', config: {} });
      await get(tenantId, 'null');
      const level = { tenantId, userId: null as unknown as string };
      await expect(store().getConfig(level)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    });

    test('an empty name of the writer', async () => {
      const refusal = {
        code: 'INPUT_INVALID',
        message: 'updatedBy must be a text of 1 to 200 characters, got ""',
      };
      const input = { tenantId: newTenant(), config: {}, updatedBy: '' };
      await expect(store().setGlobalConfig({}, '')).rejects.toMatchObject(refusal);
      await expect(store().setTenantConfig(input)).rejects.toMatchObject(refusal);
      await expect(store().setUserConfig({ ...input, userId: 'u' })).rejects.toMatchObject(refusal);
    });

    test('and leaves what was there in place', async () => {
      const tenantId = newTenant();
      await store().setTenantConfig({ tenantId, config: { mergeMaxMessages: 7 } });
      const config = { pathMaxMessages: 8, mergeMaxMessages: 0 };
      await expect(store().setTenantConfig({ tenantId, config })).rejects.toMatchObject({
        code: 'INPUT_INVALID',
      });
      const { pathMaxMessages } = await get(newTenant());
      expect(await get(tenantId)).toMatchObject({ mergeMaxMessages: 7, pathMaxMessages });
    });
  });
}
