// A level as a row of `conversation_configs`, both ways. The columns are named one by one: `*` would make a new column
// part of every answer.
import { encodeKey } from '@tidemark/protocol';
import * as z from 'zod';
import { InvalidRowError } from '../errors.ts';
import { parseRow } from '../schema/parse.ts';
import type { LevelChange } from './config-input.ts';
import { levelSchema } from './config-schema.ts';
import type { ConversationConfigFields, LevelConfig } from './config.ts';
import { scopeKeyOf, type ScopeKey } from './scope-key.ts';

export const configTable = 'conversation_configs';

const columnOf: Readonly<Record<keyof ConversationConfigFields, string>> = {
  mergeCompressionStrategy: 'merge_compression_strategy',
  mergeMaxMessages: 'merge_max_messages',
  mergePreservePinned: 'merge_preserve_pinned',
  pathCompressionStrategy: 'path_compression_strategy',
  pathMaxMessages: 'path_max_messages',
  pathSlidingWindowSize: 'path_sliding_window_size',
  pathCompressionThreshold: 'path_compression_threshold',
  autoCompactEnabled: 'auto_compact_enabled',
  compactionIntervalMinutes: 'compaction_interval_minutes',
};

export const configColumns: string = [
  'tenant_id',
  'user_id',
  ...Object.values(columnOf),
  'updated_at',
  'updated_by',
].join();

const rowList = z.array(z.record(z.string(), z.unknown()), { error: 'must be a list of rows' });

/** Only the columns that change: an upsert leaves the others of the row as they are. */
export function toConfigRow({ tenantId, userId, config, updatedBy }: LevelChange): Record<string, unknown> {
  const changed = Object.entries(config).map(([field, value]) => [
    columnOf[field as keyof ConversationConfigFields],
    value,
  ]);
  return {
    tenant_id: tenantId ?? null,
    user_id: userId ?? null,
    updated_by: updatedBy ?? null,
    ...Object.fromEntries(changed),
  };
}

/**
 * @param where names the table in the error
 * @returns the level of each key, in the order of the keys; null where no row came
 * @throws InvalidRowError
 */
export function fromConfigRows(
  rows: unknown,
  keys: readonly ScopeKey[],
  where: string,
): (LevelConfig | null)[] {
  const asked = new Map<string, LevelConfig | null>(keys.map((key) => [encodeKey(key), null]));
  for (const columns of parseRow(rowList, where, rows)) {
    const level = fromConfigRow(columns, where);
    const key = encodeKey(scopeKeyOf(level));
    // R4: whatever sits between us and the table, the row of another tenant or user is an error and never an answer.
    if (!asked.has(key))
      throw new InvalidRowError(`a row in ${where} belongs to a level that was not asked for`);
    asked.set(key, level);
  }
  return [...asked.values()];
}

function fromConfigRow(columns: Readonly<Record<string, unknown>>, where: string): LevelConfig {
  const fields = Object.entries(columnOf).map(([field, column]) => [field, columns[column]]);
  return parseRow(levelSchema, where, {
    tenantId: columns['tenant_id'],
    userId: columns['user_id'],
    fields: Object.fromEntries(fields) as unknown,
    updatedAt: columns['updated_at'],
    updatedBy: columns['updated_by'],
  });
}
