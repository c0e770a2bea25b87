// The gateway, whole: who asks, how often, and which route answers. Reads no environment and opens no port.
import { checkHealth, createLlmRouter, formatHealth, isHealthy, type LlmProvider } from '@tidemark/stores';
import type { Logger } from '@tidemark/protocol';
import { Hono } from 'hono';
import { createCallerReader } from './access/caller.ts';
import { defaultModel, remoteProvider } from './models/models.ts';
import { chatRoutes } from './routes/chat-completions.ts';
import { configRoutes } from './routes/configs.ts';
import { conversationRoutes } from './routes/conversations.ts';
import { eventRoutes } from './routes/events.ts';
import type { GatewayContext } from './routes/gateway-context.ts';
import { pathRoutes } from './routes/paths.ts';
import { policyRoutes } from './routes/policies.ts';
import { refuse, Refusal } from './routes/refusal.ts';
import type { Stores } from './stores.ts';

export interface GatewayOptions {
  readonly stores: Stores;
  readonly providers: readonly LlmProvider[];
  readonly supabaseUrl: string;
  readonly jwtSecret: string | undefined;
  readonly logger: Logger;
}

export function createGateway(options: GatewayOptions): Hono<GatewayContext> {
  const { stores, providers, logger } = options;
  const router = createLlmRouter({
    policyStore: stores.policies,
    providers,
    defaultProvider: remoteProvider,
    defaultModel,
    logger,
  });
  const readCaller = createCallerReader({ ...stores, ...options });
  const gateway = new Hono<GatewayContext>();

  gateway.get('/healthz', (context) => context.text('alive'));
  gateway.get('/readyz', async (context) => {
    const { supabase, redis, cache, conversationEvents, rateLimiter } = stores;
    const parts = { supabase, cache, conversationEvents, rateLimiter, ...(redis !== undefined && { redis }) };
    const health = await checkHealth(parts);
    return context.text(formatHealth(health), isHealthy(health) ? 200 : 503);
  });

  gateway.use('/v1/*', async (context, next) => {
    const caller = await readCaller(context.req.header('authorization'));
    // By tenant: the users of one tenant share its budget, and can't spend that of another.
    if (!(await stores.rateLimiter.check(caller.tenantId))) {
      throw new Refusal(429, 'rate_limited', 'too many requests of this tenant: try again in a minute');
    }
    context.set('caller', caller);
    await next();
  });
  gateway.route('/v1/chat/completions', chatRoutes(stores, router));
  gateway.route('/v1/policy', policyRoutes(stores));
  gateway.route('/v1/config', configRoutes(stores));
  gateway.route('/v1/conversations', conversationRoutes(stores));
  gateway.route('/v1/conversations', pathRoutes(stores));
  gateway.route('/v1/events', eventRoutes(stores));

  gateway.onError((error, context) => {
    const { status, body } = refuse(error);
    if (status >= 500) logger.error({ err: error }, 'a request failed');
    return context.json(body, status);
  });
  return gateway;
}
