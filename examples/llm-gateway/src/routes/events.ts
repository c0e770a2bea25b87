// Server-sent events: what happens to a conversation or to the tenant's list of them, whichever instance it happens on.
// An event says that there is something to read; the routes say what. Whether the caller may know of it is asked for each
// event: a stream outlives the sharing that it began under.
import type { EventHub, HubEvent } from '@tidemark/stores';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';
import * as z from 'zod';
import { requireReadable } from '../access/conversation-access.ts';
import type { Stores } from '../stores.ts';
import { subjectOf } from './conversations.ts';
import type { GatewayContext } from './gateway-context.ts';

type Parts = Pick<Stores, 'conversations' | 'conversationEvents' | 'listEvents'>;

/** What every event of the list says. */
const listDataSchema = z.object({ conversationId: z.string() });

export function eventRoutes({ conversations, conversationEvents, listEvents }: Parts): Hono<GatewayContext> {
  const routes = new Hono<GatewayContext>();

  routes.get('/conversations', (context) => {
    const { tenantId, userId } = context.get('caller');
    return streamEvents(context, {
      hub: listEvents,
      subject: { tenantId },
      judge: async ({ data }) => {
        const { conversationId } = listDataSchema.parse(data);
        const conversation = await conversations.getConversation({ tenantId, userId, conversationId });
        return conversation === null ? 'skip' : 'tell';
      },
    });
  });

  routes.get('/conversations/:id', async (context) => {
    const subject = subjectOf(context.get('caller'), context.req.param('id'));
    await requireReadable(conversations, subject);
    const { tenantId, conversationId } = subject;
    return streamEvents(context, {
      hub: conversationEvents,
      subject: { tenantId, conversationId },
      judge: async () => ((await conversations.getConversation(subject)) === null ? 'end' : 'tell'),
    });
  });
  return routes;
}

interface Source<Subject, Name extends string> {
  readonly hub: EventHub<Subject, Name>;
  readonly subject: Subject;
  readonly judge: (event: HubEvent<Name>) => Promise<'tell' | 'skip' | 'end'>;
}

/** Ends when the client leaves, may not listen any more, or reads so slowly that events would be lost. */
function streamEvents<Subject, Name extends string>(
  context: Context<GatewayContext>,
  { hub, subject, judge }: Source<Subject, Name>,
): Response {
  return streamSSE(context, async (stream) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    stream.onAbort(() => end());
    const hear = async (event: HubEvent<Name>): Promise<void> => {
      const verdict = await judge(event);
      if (verdict === 'end') end();
      if (verdict !== 'tell') return;
      const { data, timestamp } = event;
      await stream.writeSSE({ event: event.event, data: JSON.stringify({ data, timestamp }) });
    };
    // A source that can't say whether he may hear it ends the stream, too: the client comes back and reads its state.
    const listener = (event: HubEvent<Name>): Promise<void> => hear(event).catch(() => end());
    using subscription = hub.subscribe(subject, listener, { onOverflow: end });
    const isEverywhere = await subscription.ready;
    // From here on nothing is missed: a client that reads its state now knows all.
    await stream.writeSSE({ event: 'ready', data: JSON.stringify({ isEverywhere }) });
    await ended;
  });
}
