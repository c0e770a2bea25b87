// What travels through the event hubs, and what a message from Redis must look like to be taken for one.
import * as z from 'zod';

export const conversationEvents = [
  'message',
  'metadata',
  'error',
  'done',
  'disclaimer',
  'warning',
  'message:pinned',
  'message:unpinned',
] as const;

export type ConversationEventName = (typeof conversationEvents)[number];

export const conversationListEvents = [
  'snapshot',
  'upsert',
  'archived',
  'unarchived',
  'deleted',
  'renamed',
  'sharing',
] as const;

export type ConversationListEventName = (typeof conversationListEvents)[number];

/** Frozen: the subscribers share it. */
export interface HubEvent<Name extends string> {
  readonly event: Name;
  /** As JSON keeps it; what the sender gave, without what JSON has no word for. */
  readonly data: unknown;
  /** When it was sent, by the clock of the sender's machine. */
  readonly timestamp: Date;
  /** The hub that sent it. */
  readonly instanceId: string;
}

/** For messages of others; unknown fields are ignored, because a newer release may send them. */
export function hubEventSchema<Name extends string>(names: readonly Name[]): z.ZodType<HubEvent<Name>> {
  return z.object({
    event: z.enum(names),
    data: z.unknown(),
    timestamp: z.iso.datetime().transform((text) => new Date(text)),
    instanceId: z.string().min(1),
  });
}
