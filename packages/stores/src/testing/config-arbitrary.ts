// Changes of configs, of every shape that the rules admit, and what they add up to: worked out here once more, in
// another way than the stores do it.
import * as fc from 'fast-check';
import {
  defaultConversationConfig,
  mergeCompressionStrategies,
  pathCompressionStrategies,
  type ConfigIdentity,
  type ConversationConfigFields,
  type ConversationConfigPatch,
} from '../config/config.ts';

const count = fc.oneof(fc.integer({ min: 1, max: 500 }), fc.constantFrom(1, 2_147_483_647));

const fieldNames = Object.keys(defaultConversationConfig) as readonly (keyof ConversationConfigFields)[];

export const patchArbitrary: fc.Arbitrary<ConversationConfigPatch> = fc.record(
  {
    mergeCompressionStrategy: fc.option(fc.constantFrom(...mergeCompressionStrategies)),
    mergeMaxMessages: fc.option(count),
    mergePreservePinned: fc.option(fc.boolean()),
    pathCompressionStrategy: fc.option(fc.constantFrom(...pathCompressionStrategies)),
    pathMaxMessages: fc.option(count),
    pathSlidingWindowSize: fc.option(count),
    pathCompressionThreshold: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    autoCompactEnabled: fc.option(fc.boolean()),
    compactionIntervalMinutes: fc.option(count),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Takes every word of a level back. */
export const clearingPatch: ConversationConfigPatch = Object.fromEntries(
  fieldNames.map((field) => [field, null]),
);

/** A level: of everybody, of a tenant, of a user. */
type Level = Partial<ConfigIdentity>;

export type LevelWrite =
  | { readonly kind: 'set'; readonly level: Level; readonly config: ConversationConfigPatch }
  | { readonly kind: 'delete'; readonly level: ConfigIdentity };

/** Levels by name, and what was set there. */
export class ConfigModel {
  readonly #levels = new Map<string, ConversationConfigPatch>();

  apply(write: LevelWrite): void {
    const name = nameOf(write.level);
    if (write.kind === 'delete') this.#levels.delete(name);
    else this.#levels.set(name, { ...this.#levels.get(name), ...write.config });
  }

  /** Fields, level and scope; no stamp. */
  effective({ tenantId, userId }: ConfigIdentity): Record<string, unknown> {
    const user = userId === undefined ? undefined : this.#levels.get(nameOf({ tenantId, userId }));
    const tenant = this.#levels.get(nameOf({ tenantId }));
    const words = [user, tenant, this.#levels.get(nameOf({})), defaultConversationConfig];
    const fields = fieldNames.map((field) => [
      field,
      words.map((word) => word?.[field]).find((value) => value !== undefined && value !== null),
    ]);
    const level =
      user !== undefined
        ? { configLevel: 'user', configScope: userId }
        : tenant !== undefined
          ? { configLevel: 'tenant', configScope: tenantId }
          : { configLevel: 'global', configScope: 'global' };
    return { ...(Object.fromEntries(fields) as object), ...level };
  }
}

function nameOf({ tenantId, userId }: Level): string {
  return JSON.stringify([tenantId, userId]);
}

/** Writes of a few levels that meet: two tenants, each with two users, and everybody. */
export function historyArbitrary(
  [one, other]: readonly [string, string],
  users: readonly [string, string],
): fc.Arbitrary<LevelWrite[]> {
  const tenantId = fc.constantFrom(one, other);
  const ofTenant = fc.record({ tenantId }, { noNullPrototype: true });
  const ofUser = fc.record({ tenantId, userId: fc.constantFrom(...users) }, { noNullPrototype: true });
  const set = fc.record({
    kind: fc.constant('set' as const),
    level: fc.oneof(fc.constant({}), ofTenant, ofUser),
    config: patchArbitrary,
  });
  const remove = fc.record({ kind: fc.constant('delete' as const), level: fc.oneof(ofTenant, ofUser) });
  return fc.array(fc.oneof({ weight: 4, arbitrary: set }, { weight: 1, arbitrary: remove }), {
    minLength: 1,
    maxLength: 8,
  });
}
