export { ConfigError } from './config/config-error.ts';
export { resolveConfig, type SidecarConfig } from './config/config.ts';
export { helpText } from './config/settings.ts';
export { startSidecar, type Sidecar, type SidecarOptions, type SidecarStatus } from './sidecar.ts';
export { SidecarRefusal } from './sidecar-refusal.ts';
