// Branches of a conversation. The path store knows tenants, not users: what the caller may do with the conversation is
// asked first, and each path and message is looked for in that conversation alone.
import { Hono } from 'hono';
import * as z from 'zod';
import { requireReadable, requireWritable } from '../access/conversation-access.ts';
import type { Stores } from '../stores.ts';
import { subjectOf } from './conversations.ts';
import { type GatewayContext, readBody } from './gateway-context.ts';

const branchSchema = z.strictObject({ messageId: z.string(), name: z.string().exactOptional() });
const activeSchema = z.strictObject({ pathId: z.string() });

export function pathRoutes({
  conversations,
  paths,
}: Pick<Stores, 'conversations' | 'paths'>): Hono<GatewayContext> {
  const routes = new Hono<GatewayContext>();

  routes.get('/:id/paths', async (context) => {
    const { tenantId, conversationId, userId } = subjectOf(context.get('caller'), context.req.param('id'));
    await requireReadable(conversations, { tenantId, conversationId, userId });
    return context.json({ paths: await paths.listPaths({ tenantId, conversationId }) });
  });

  routes.post('/:id/paths', async (context) => {
    const { tenantId, conversationId, userId } = subjectOf(context.get('caller'), context.req.param('id'));
    await requireWritable(conversations, { tenantId, conversationId, userId });
    const { messageId, ...named } = await readBody(context, branchSchema);
    const branch = { tenantId, conversationId, branchPointMessageId: messageId, ...named };
    return context.json(await paths.createPath(branch), 201);
  });

  routes.put('/:id/active-path', async (context) => {
    const { tenantId, conversationId, userId } = subjectOf(context.get('caller'), context.req.param('id'));
    await requireWritable(conversations, { tenantId, conversationId, userId });
    const { pathId } = await readBody(context, activeSchema);
    return context.json(await paths.setActivePath({ tenantId, conversationId, pathId }));
  });
  return routes;
}
