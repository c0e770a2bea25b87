// The configuration as far as it can be read: a wrong setting is a finding, and what the others lead to is examined all
// the same.
import type { BestEffortTable } from '@tidemark/engine';
import { bestEffortSchema } from '../config/best-effort-setting.ts';
import { ConfigError } from '../config/config-error.ts';
import { type JournalConfig, readJournalConfig, resolveSettings } from '../config/config.ts';
import { defaultKeyPrefix } from '../config/defaults.ts';
import type { RedisConfig } from '../config/redis-config.ts';
import { readRedis } from '../config/redis-setting.ts';
import { type HintKind, hintsSchema, keyPrefixSchema } from '../config/schemas.ts';
import type { SettingReader } from '../config/setting-reader.ts';
import { type DeclaredTable, tablesSchema } from '../config/tables-setting.ts';

export interface DoctorConfig extends JournalConfig {
  readonly redis: RedisConfig | undefined;
  readonly keyPrefix: string;
  readonly hints: readonly HintKind[];
  readonly tables: readonly DeclaredTable[];
  readonly bestEffortTables: readonly BestEffortTable[];
}

export interface ReadConfig {
  readonly config: DoctorConfig;
  /** One sentence each, without any secret. */
  readonly problems: readonly string[];
}

export function readDoctorConfig(settings: SettingReader): ReadConfig {
  try {
    return { config: resolveSettings(settings), problems: [] };
  } catch (error) {
    if (error instanceof ConfigError) return { config: readParts(settings), problems: error.problems };
    throw error;
  }
}

/** The reader reports the same problems once more, which nobody asks it for. */
function readParts(settings: SettingReader): DoctorConfig {
  const journal = readJournalConfig(settings);
  return {
    ...journal,
    redis: readRedis(settings),
    keyPrefix: settings.read('TIDEMARK_KEY_PREFIX', keyPrefixSchema) ?? defaultKeyPrefix,
    hints: settings.read('TIDEMARK_HINTS', hintsSchema) ?? ['broadcast', 'changes'],
    tables: settings.read('TIDEMARK_TABLES', tablesSchema) ?? [],
    bestEffortTables: settings.read('TIDEMARK_BEST_EFFORT_TABLES', bestEffortSchema) ?? [],
  };
}
