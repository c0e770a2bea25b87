export { parseDuration, type Duration } from './duration.ts';
export { TidemarkError, type TidemarkErrorOptions } from './errors.ts';
export { deadlineIn, sleep, type Clock, type Deadline } from './ports/clock.ts';
export type { Engine, EngineHost } from './ports/engine.ts';
export {
  isContinuous,
  pruneLimit,
  type Cursor,
  type GlanceRequest,
  type Journal,
  type JournalGlance,
  type JournalRead,
  type JournalRequest,
  type TableChange,
  type TableTransaction,
} from './ports/journal.ts';
export { silentLogger, type Logger } from './ports/logger.ts';
export type { Begun, RoundOutcome, RoundTarget } from './ports/round-target.ts';
export { systemClock, systemRandom, type Random } from './ports/system-clock.ts';
export { ByNamespace, type ByNamespaceOptions } from './redis/by-namespace.ts';
export { channelIn } from './redis/channel.ts';
export type { ClusterNode, ClusterOption } from './redis/cluster-option.ts';
export { connectRedis, layoutOf, reconnect, type ConnectOptions, type RedisOption } from './redis/connect.ts';
export { defineScript, runScript, type Script, type ScriptCall } from './redis/script.ts';
export { Subscriptions, type ListenOptions, type SubscriptionsOptions } from './redis/subscriptions.ts';
export { announce, withdraw, type AnnouncementPlace } from './scripts/announce.ts';
export { begin, type BeginCall } from './scripts/begin.ts';
export { fill, type FillCall } from './scripts/fill.ts';
export { logLength, publish, type PublishCall } from './scripts/publish.ts';
export { replayLimit, since, type SinceCall, type SinceReply } from './scripts/since.ts';
export { tell, type TellCall } from './scripts/tell.ts';
export { takeover, type TakeoverCall } from './scripts/takeover.ts';
export {
  announcementTtlMs,
  isInstanceId,
  maxAnnounced,
  maxAnnouncementBytes,
  parseAnnouncement,
  type AnnouncedL1,
  type AnnouncedNamespace,
  type Announcement,
} from './wire/announcement.ts';
export { maxKeysPerRecord, toChanges, type ChangedKeys, type Changes } from './wire/changes.ts';
export { formatHead, isAboveFloors, isSameProgress, parseHead, type Head } from './wire/head.ts';
export { formatHint, parseHint, type Hint } from './wire/hint.ts';
export { isObject, parseJson } from './wire/json.ts';
export {
  announcementKey,
  announcementNamespace,
  decodeKey,
  encodeKey,
  instancesKey,
  isKeyPrefix,
  isNamespaceName,
  isRegionPrefix,
  isReservedName,
  namespaceKeys,
  regionPrefix,
  spokenKey,
  storedKey,
  ticketKey,
  valueKey,
  valueOwner,
  type Key,
  type KeyLayout,
  type NamespaceKeys,
} from './wire/key.ts';
export { formatPayload, parsePayload } from './wire/payload.ts';
export { comparePositions, formatPosition, parsePosition, type Position } from './wire/position.ts';
export { parseMessage, type LogRecord } from './wire/record.ts';
export { parseValue, type L2Value } from './wire/value.ts';
export {
  formatWatch,
  parseWatch,
  toWatch,
  type Watch,
  type WatchDocument,
  type WatchedTable,
} from './wire/watch.ts';
