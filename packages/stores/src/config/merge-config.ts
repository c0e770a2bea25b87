// What applies, from the rows of the levels: field by field the narrowest word. Pure, and for cached rows remembered.
import { globalScope } from '../schema/text.ts';
import {
  defaultConversationConfig,
  type ConfigLevel,
  type ConversationConfig,
  type LevelConfig,
} from './config.ts';

type Row = LevelConfig | null;

/** From the widest level to the narrowest; null where there is no row. */
export function mergeConfig(global: Row, tenant: Row, user: Row): ConversationConfig {
  const { tenantId, userId, updatedAt, updatedBy } = user ?? tenant ?? global ?? noRow;
  return {
    ...defaultConversationConfig,
    ...global?.fields,
    ...tenant?.fields,
    ...user?.fields,
    configLevel: levelOf(tenantId, userId),
    configScope: userId ?? tenantId ?? globalScope,
    updatedAt: new Date(updatedAt),
    ...(updatedBy !== undefined && { updatedBy }),
  };
}

const noRow: LevelConfig = { fields: {}, updatedAt: new Date(0) };

function levelOf(tenantId: string | undefined, userId: string | undefined): ConfigLevel {
  if (tenantId === undefined) return 'global';
  return userId === undefined ? 'tenant' : 'user';
}

interface Merged {
  readonly global: Row;
  readonly tenant: Row;
  readonly config: ConversationConfig;
}

/**
 * Merges each set of rows once. A cached row is the same object until it is overtaken, so what was merged from the very
 * same rows still holds. It is kept with the narrowest of them, which belongs to one tenant or one user, and goes when
 * that row goes: there is nothing to invalidate here, and never more of it than there are rows in L1. Users without a
 * row of their own share the config of their tenant.
 */
export class MergedConfigs {
  readonly #kept = new WeakMap<LevelConfig, Merged>();
  readonly #ofNoRow: ConversationConfig = Object.freeze(mergeConfig(null, null, null));

  /** The config is frozen: other readers share it. */
  of(global: Row, tenant: Row, user: Row): ConversationConfig {
    const narrowest = user ?? tenant ?? global;
    if (narrowest === null) return this.#ofNoRow;
    const kept = this.#kept.get(narrowest);
    if (kept !== undefined && kept.global === global && kept.tenant === tenant) return kept.config;
    const config = Object.freeze(mergeConfig(global, tenant, user));
    this.#kept.set(narrowest, { global, tenant, config });
    return config;
  }
}
