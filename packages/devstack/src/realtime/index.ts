// The public names of the Realtime part.
export { createRealtimeGateway, type RealtimeGateway, type RestartCode } from './gateway.ts';
export type { RealtimeGatewayOptions, RealtimeLogger } from './options.ts';
export { installRealtimeSql, realtimeSql } from './realtime-sql.ts';
export type { BulkOutageVice, RateLimitVice, RealtimeVices } from './vices.ts';
