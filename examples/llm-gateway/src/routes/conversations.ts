// Conversations of the caller. Who may read and write which is the store's to say, cached or not; a write is told to the
// event hubs once it is done.
import { Hono } from 'hono';
import * as z from 'zod';
import type { Subject } from '../access/conversation-access.ts';
import type { Stores } from '../stores.ts';
import { type GatewayContext, readBody, readQuery } from './gateway-context.ts';
import { Refusal } from './refusal.ts';

const sharing = {
  title: z.string().exactOptional(),
  shareAudience: z.enum(['private', 'tenant', 'public']).exactOptional(),
  tenantAccess: z.enum(['view', 'edit']).exactOptional(),
};
const createSchema = z.strictObject(sharing);
const changeSchema = z.strictObject({ ...sharing, archived: z.boolean().exactOptional() });
const listSchema = z.object({
  status: z.enum(['active', 'archived', 'all']).exactOptional(),
  limit: z.coerce.number().exactOptional(),
  cursor: z.string().exactOptional(),
});

type Parts = Pick<Stores, 'conversations' | 'listEvents'>;

export function conversationRoutes({ conversations, listEvents }: Parts): Hono<GatewayContext> {
  const routes = new Hono<GatewayContext>();

  routes.post('/', async (context) => {
    const { tenantId, userId } = context.get('caller');
    const asked = await readBody(context, createSchema);
    const { conversationId } = await conversations.createConversation({ tenantId, userId, ...asked });
    await listEvents.broadcast({ tenantId }, 'upsert', { conversationId });
    return context.json({ conversationId }, 201);
  });

  routes.get('/', async (context) => {
    const { tenantId, userId } = context.get('caller');
    const asked = readQuery(context, listSchema);
    return context.json(await conversations.listConversations({ tenantId, userId, ...asked }));
  });

  routes.get('/:id', async (context) => {
    const fresh = context.req.query('fresh') === 'true';
    const found = await conversations.getConversation(
      subjectOf(context.get('caller'), context.req.param('id')),
      {
        fresh,
      },
    );
    if (found === null) throw new Refusal(404, 'no_conversation', 'there is no such conversation for you');
    return context.json(found);
  });

  routes.patch('/:id', async (context) => {
    const subject = subjectOf(context.get('caller'), context.req.param('id'));
    const { tenantId, conversationId } = subject;
    const { archived, ...asked } = await readBody(context, changeSchema);
    if (Object.keys(asked).length > 0) {
      await conversations.updateSharing({ ...subject, ...asked });
      const isRenamed = asked.shareAudience === undefined && asked.tenantAccess === undefined;
      await listEvents.broadcast({ tenantId }, isRenamed ? 'renamed' : 'sharing', { conversationId });
    }
    if (archived !== undefined) {
      await conversations.setArchivedState({ ...subject, archived });
      await listEvents.broadcast({ tenantId }, archived ? 'archived' : 'unarchived', { conversationId });
    }
    return context.body(null, 204);
  });

  routes.get('/:id/messages', async (context) => {
    const subject = subjectOf(context.get('caller'), context.req.param('id'));
    const messages = await conversations.getMessages(subject);
    if (messages === null) throw new Refusal(404, 'no_conversation', 'there is no such conversation for you');
    return context.json({ messages });
  });

  routes.delete('/:id/messages/:messageId', async (context) => {
    const subject = subjectOf(context.get('caller'), context.req.param('id'));
    await conversations.softDeleteMessage({ ...subject, messageId: context.req.param('messageId') });
    return context.body(null, 204);
  });
  return routes;
}

export function subjectOf(
  { tenantId, userId }: { readonly tenantId: string; readonly userId: string },
  conversationId: string,
): Subject {
  return { tenantId, userId, conversationId };
}
