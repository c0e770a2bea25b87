// GET /metrics: the figures of this sidecar for Prometheus. Answered from memory; it waits for nobody.
import { Hono } from 'hono';
import type { MetricRegistry } from './metric-registry.ts';

/** @param redact names come from instances and tables: what is served goes through the same sieve as the log */
export function createMetricsRoute(registry: MetricRegistry, redact: (text: string) => string): Hono {
  const routes = new Hono();
  routes.get('/metrics', async (context) =>
    context.body(redact(await registry.text()), 200, {
      'content-type': registry.contentType,
      'cache-control': 'no-store',
    }),
  );
  return routes;
}
