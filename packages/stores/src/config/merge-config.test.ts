// Merging, and what is remembered of it. That it merges right is shown by the conformance suite.
import { expect, test } from 'vitest';
import type { LevelConfig } from './config.ts';
import { mergeConfig, MergedConfigs } from './merge-config.ts';

/** A row that counts how often its fields are read: once per merge. */
class CountedRow implements LevelConfig {
  readonly tenantId = 't';
  readonly updatedAt: Date = new Date(5);
  merges = 0;

  get fields(): LevelConfig['fields'] {
    this.merges += 1;
    return { mergeMaxMessages: 7 };
  }
}

const global: LevelConfig = { fields: { pathMaxMessages: 1 }, updatedAt: new Date(1) };
const user: LevelConfig = { tenantId: 't', userId: 'u', fields: {}, updatedAt: new Date(2) };

test('the same rows are merged once, whatever was merged in between', () => {
  const merged = new MergedConfigs();
  const tenant = new CountedRow();
  const [ofTenant, ofUser] = [merged.of(global, tenant, null), merged.of(global, tenant, user)];
  expect(tenant.merges).toBe(2);
  for (let read = 0; read < 100; read += 1) {
    expect(merged.of(global, tenant, null)).toBe(ofTenant);
    expect(merged.of(global, tenant, user)).toBe(ofUser);
  }
  expect(tenant.merges).toBe(2);
});

test('a row that was replaced at any level is merged anew, though it says the same', () => {
  const merged = new MergedConfigs();
  const tenant = new CountedRow();
  const before = merged.of(global, tenant, user);
  const replaced: readonly Parameters<typeof mergeConfig>[] = [
    [{ ...global }, tenant, user],
    [null, tenant, user],
    [global, new CountedRow(), user],
    [global, null, user],
    [global, tenant, { ...user }],
  ];
  for (const rows of replaced) {
    expect(merged.of(...rows)).not.toBe(before);
    expect(merged.of(...rows)).toEqual(mergeConfig(...rows));
  }
});

test('without any row there is one config for all', () => {
  const merged = new MergedConfigs();
  expect(merged.of(null, null, null)).toBe(merged.of(null, null, null));
});

test('what is shared is frozen', () => {
  const merged = new MergedConfigs();
  for (const config of [merged.of(null, null, null), merged.of(global, null, null)]) {
    expect(Object.isFrozen(config)).toBe(true);
  }
});
