// The tenant's policy. Set here, it holds for the very next request on this instance and within the bound on all others.
import { Hono } from 'hono';
import * as z from 'zod';
import type { Stores } from '../stores.ts';
import type { TenantLlmPolicy } from '@tidemark/stores';
import { type GatewayContext, readBody, requireAdmin } from './gateway-context.ts';

/** The store checks the rest of it. */
const policySchema = z.looseObject({});

export function policyRoutes({ policies }: Pick<Stores, 'policies'>): Hono<GatewayContext> {
  const routes = new Hono<GatewayContext>();

  routes.get('/', async (context) => {
    const { tenantId } = context.get('caller');
    const fresh = context.req.query('fresh') === 'true';
    return context.json({ policy: await policies.getPolicy(tenantId, { fresh }) });
  });

  routes.put('/', async (context) => {
    const { tenantId, userId } = requireAdmin(context);
    const policy = { ...(await readBody(context, policySchema)), tenantId } as unknown as TenantLlmPolicy;
    await policies.setPolicy(policy, { updatedBy: userId });
    return context.body(null, 204);
  });

  routes.delete('/', async (context) => {
    await policies.deletePolicy(requireAdmin(context).tenantId);
    return context.body(null, 204);
  });
  return routes;
}
