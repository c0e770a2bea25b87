// Branches of a conversation. The path store knows tenants, not users: that the caller may see the conversation is asked
// of the conversation store first.
import { Hono } from 'hono';
import * as z from 'zod';
import type { Stores } from '../stores.ts';
import { type Subject, subjectOf } from './conversations.ts';
import { type GatewayContext, readBody } from './gateway-context.ts';
import { Refusal } from './refusal.ts';

const branchSchema = z.strictObject({ messageId: z.string(), name: z.string().exactOptional() });
const activeSchema = z.strictObject({ pathId: z.string() });

export function pathRoutes({
  conversations,
  paths,
}: Pick<Stores, 'conversations' | 'paths'>): Hono<GatewayContext> {
  const routes = new Hono<GatewayContext>();

  async function requireConversation(subject: Subject): Promise<void> {
    if ((await conversations.getConversation(subject)) !== null) return;
    throw new Refusal(404, 'no_conversation', 'there is no such conversation for you');
  }

  routes.get('/:id/paths', async (context) => {
    const subject = subjectOf(context.get('caller'), context.req.param('id'));
    await requireConversation(subject);
    return context.json({ paths: await paths.listPaths(subject) });
  });

  routes.post('/:id/paths', async (context) => {
    const subject = subjectOf(context.get('caller'), context.req.param('id'));
    await requireConversation(subject);
    const asked = await readBody(context, branchSchema);
    return context.json(await paths.branchFromMessage({ tenantId: subject.tenantId, ...asked }), 201);
  });

  routes.put('/:id/active-path', async (context) => {
    const { tenantId, conversationId, userId } = subjectOf(context.get('caller'), context.req.param('id'));
    await requireConversation({ tenantId, conversationId, userId });
    const { pathId } = await readBody(context, activeSchema);
    return context.json(await paths.setActivePath({ tenantId, conversationId, pathId }));
  });
  return routes;
}
