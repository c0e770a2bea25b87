export { ConfigError } from './config/config-error.ts';
export { type JournalConfig, resolveConfig, type SidecarConfig } from './config/config.ts';
export type { RedisConfig, ServerAddress } from './config/redis-config.ts';
export { helpText } from './config/settings.ts';
export type { DeclaredTable } from './config/tables-setting.ts';
export { startSidecar, type Sidecar, type SidecarOptions, type SidecarStatus } from './sidecar.ts';
export { SidecarRefusal } from './sidecar-refusal.ts';
