// Configuration of conversations at its three levels: everybody's (operators), the tenant's (admins), one's own.
import type { ConversationConfigPatch } from '@tidemark/stores';
import { Hono } from 'hono';
import * as z from 'zod';
import type { Stores } from '../stores.ts';
import { type GatewayContext, readBody, requireAdmin } from './gateway-context.ts';
import { Refusal } from './refusal.ts';

/** The store checks the rest of it. */
const patchSchema = z.looseObject({}).transform((patch) => patch as ConversationConfigPatch);

export function configRoutes({ configs }: Pick<Stores, 'configs'>): Hono<GatewayContext> {
  const routes = new Hono<GatewayContext>();

  routes.get('/', async (context) => {
    const { tenantId, userId } = context.get('caller');
    const fresh = context.req.query('fresh') === 'true';
    return context.json(await configs.getConfig({ tenantId, userId }, { fresh }));
  });

  routes.patch('/global', async (context) => {
    const { userId, isOperator } = context.get('caller');
    if (!isOperator) throw new Refusal(403, 'not_operator', 'only an operator may do this');
    await configs.setGlobalConfig(await readBody(context, patchSchema), userId);
    return context.body(null, 204);
  });

  routes.patch('/tenant', async (context) => {
    const { tenantId, userId } = requireAdmin(context);
    await configs.setTenantConfig({
      tenantId,
      config: await readBody(context, patchSchema),
      updatedBy: userId,
    });
    return context.body(null, 204);
  });

  routes.delete('/tenant', async (context) => {
    await configs.deleteTenantConfig(requireAdmin(context).tenantId);
    return context.body(null, 204);
  });

  routes.patch('/user', async (context) => {
    const { tenantId, userId } = context.get('caller');
    const config = await readBody(context, patchSchema);
    await configs.setUserConfig({ tenantId, userId, config, updatedBy: userId });
    return context.body(null, 204);
  });

  routes.delete('/user', async (context) => {
    const { tenantId, userId } = context.get('caller');
    await configs.deleteUserConfig({ tenantId, userId });
    return context.body(null, 204);
  });
  return routes;
}
