// Server-sent events: what happens to a conversation or to the tenant's list of them, whichever instance it happens on.
// An event says that there is something to read; the routes say what.
import type { EventHub, HubEvent } from '@tidemark/stores';
import type { Context } from 'hono';
import { Hono } from 'hono';
import { streamSSE, type SSEStreamingApi } from 'hono/streaming';
import type { Stores } from '../stores.ts';
import { subjectOf } from './conversations.ts';
import type { GatewayContext } from './gateway-context.ts';
import { Refusal } from './refusal.ts';

type Parts = Pick<Stores, 'conversations' | 'conversationEvents' | 'listEvents'>;

export function eventRoutes({ conversations, conversationEvents, listEvents }: Parts): Hono<GatewayContext> {
  const routes = new Hono<GatewayContext>();

  routes.get('/conversations', (context) => {
    const { tenantId } = context.get('caller');
    return streamEvents(context, listEvents, { tenantId });
  });

  routes.get('/conversations/:id', async (context) => {
    const subject = subjectOf(context.get('caller'), context.req.param('id'));
    if ((await conversations.getConversation(subject)) === null) {
      throw new Refusal(404, 'no_conversation', 'there is no such conversation for you');
    }
    const { tenantId, conversationId } = subject;
    return streamEvents(context, conversationEvents, { tenantId, conversationId });
  });
  return routes;
}

/** Ends when the client leaves, or when it reads so slowly that events would be lost. */
function streamEvents<Subject, Name extends string>(
  context: Context<GatewayContext>,
  hub: EventHub<Subject, Name>,
  subject: Subject,
): Response {
  return streamSSE(context, async (stream) => {
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    stream.onAbort(() => end());
    using subscription = hub.subscribe(subject, (event) => write(stream, event), { onOverflow: end });
    const isEverywhere = await subscription.ready;
    // From here on nothing is missed: a client that reads its state now knows all.
    await stream.writeSSE({ event: 'ready', data: JSON.stringify({ isEverywhere }) });
    await ended;
  });
}

async function write<Name extends string>(stream: SSEStreamingApi, event: HubEvent<Name>): Promise<void> {
  const { data, timestamp } = event;
  await stream.writeSSE({ event: event.event, data: JSON.stringify({ data, timestamp }) });
}
