// The HTTP side of an instance: where a request of a tenant would go, and how its cache is doing.
import { type Cache, TidemarkError } from '@tidemark/cache';
import type { LlmRouter } from '@tidemark/stores';
import { Hono } from 'hono';

export function createRoutes({ cache, router }: { cache: Cache; router: LlmRouter }): Hono {
  const routes = new Hono();
  const countHits = (): number => cache.status().regions.reduce((sum, { hits }) => sum + hits, 0);

  routes.get('/route', async (context) => {
    const { tenant, task, user } = context.req.query();
    const hitsBefore = countHits();
    const routing = router.route({
      ...(tenant !== undefined && { tenantId: tenant }),
      ...(task !== undefined && { task }),
      ...(user !== undefined && { userId: user }),
    });
    // A hit is counted before anything is awaited, so that no other request comes between.
    const isHit = countHits() > hitsBefore;
    try {
      return context.json({ isHit, route: await routing });
    } catch (error) {
      // A refusal, an unknown provider, a source that failed: all of them mean that nothing is sent anywhere.
      if (!(error instanceof TidemarkError)) throw error;
      return context.json({ isHit, error: { code: error.code, message: error.message } }, 422);
    }
  });

  routes.get('/status', (context) => context.json(cache.status()));
  return routes;
}
