// The two event hubs: what happens in one conversation, and what happens to a tenant's list of them. Owns the names of
// their channels; everything else is the shared hub's.
import { encodeKey, silentLogger, systemClock, type Clock, type Logger } from '@tidemark/protocol';
import { parseCacheControl } from '../control/environment.ts';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import { type SharedRedis, sharedPrefix } from '../redis/shared-redis.ts';
import { refuseUnknownOptions } from '../schema/known-options.ts';
import { parseInput } from '../schema/parse.ts';
import { idSchema, tenantIdSchema } from '../schema/text.ts';
import { RedisEventHub, type EventHub, type EventHubParts } from './event-hub.ts';
import {
  conversationEvents,
  conversationListEvents,
  type ConversationEventName,
  type ConversationListEventName,
} from './hub-event.ts';

/** Channels are `copilot:events:conversation:{tenantId}:{conversationId}` under the default prefix. */
export const conversationChannelPrefix = 'events:conversation';

/** Channels are `copilot:events:conversation-list:{tenantId}` under the default prefix. */
export const conversationListChannelPrefix = 'events:conversation-list';

export interface ConversationSubject {
  readonly tenantId: string;
  readonly conversationId: string;
}

export interface ConversationListSubject {
  readonly tenantId: string;
}

export type ConversationEventHub = EventHub<ConversationSubject, ConversationEventName>;
export type ConversationListEventHub = EventHub<ConversationListSubject, ConversationListEventName>;

export interface EventHubOptions {
  /** Of `openSharedRedis`; one hub of each kind for one of them. Absent: events stay in this process. */
  readonly redis?: SharedRedis;
  /** First part of every channel. Default `copilot`. */
  readonly keyPrefix?: string;
  /** Read for `ENABLE_REDIS_EVENT_HUBS`; off: events stay in this process. Default: the environment of the process. */
  readonly env?: EnvironmentVariables;
  readonly logger?: Logger;
  readonly clock?: Clock;
}

const optionNames: Readonly<Record<keyof EventHubOptions, true>> = {
  redis: true,
  keyPrefix: true,
  env: true,
  logger: true,
  clock: true,
};

/**
 * ```ts
 * const hub = createConversationEventHub({ redis, env });
 * const subject = { tenantId: 'acme', conversationId: 'c1' };
 * using subscription = hub.subscribe(subject, ({ event, data }) => response.write(JSON.stringify({ event, data })));
 * await hub.broadcast(subject, 'message', { id: 'm1' });
 * ```
 *
 * @throws EnvironmentError for a wrong variable; InvalidInputError for a wrong option
 */
export function createConversationEventHub(options: EventHubOptions = {}): ConversationEventHub {
  const { prefix, ...parts } = resolve('createConversationEventHub', 'conversation-events', options);
  return new RedisEventHub({
    ...parts,
    names: conversationEvents,
    channelOf: ({ tenantId, conversationId }: ConversationSubject) => {
      const tenant = parseInput(tenantIdSchema, 'tenantId', tenantId);
      const conversation = parseInput(idSchema, 'conversationId', conversationId);
      return `${prefix}:${conversationChannelPrefix}:${encodeKey([tenant, conversation])}`;
    },
  });
}

/** @throws EnvironmentError for a wrong variable; InvalidInputError for a wrong option */
export function createConversationListEventHub(options: EventHubOptions = {}): ConversationListEventHub {
  const { prefix, ...parts } = resolve('createConversationListEventHub', 'conversation-list-events', options);
  return new RedisEventHub({
    ...parts,
    names: conversationListEvents,
    channelOf: ({ tenantId }: ConversationListSubject) =>
      `${prefix}:${conversationListChannelPrefix}:${encodeKey(parseInput(tenantIdSchema, 'tenantId', tenantId))}`,
  });
}

type CommonParts = Omit<EventHubParts<never, never>, 'names' | 'channelOf'> & { readonly prefix: string };

function resolve(factory: string, component: string, options: EventHubOptions): CommonParts {
  refuseUnknownOptions(factory, options, optionNames);
  const { redis, keyPrefix = 'copilot', logger = silentLogger, clock = systemClock } = options;
  const { isOn, decidedBy } = parseCacheControl(options.env).flags.eventHubs;
  return {
    prefix: sharedPrefix(redis, keyPrefix),
    redis: isOn ? redis : undefined,
    reason: isOn && redis === undefined ? 'no Redis was given' : decidedBy,
    logger: logger.child({ component }),
    clock,
  };
}
