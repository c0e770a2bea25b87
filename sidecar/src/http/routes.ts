// What the sidecar answers over HTTP. Two questions of an orchestrator: is the process alive, does it do its work.
import { Hono } from 'hono';
import type { SidecarStatus } from '../sidecar.ts';

export interface RouteOptions {
  readonly status: () => SidecarStatus;
  /** Reasons come from libraries: what is served goes through the same sieve as the log. */
  readonly redact: (text: string) => string;
}

export function createRoutes({ status, redact }: RouteOptions): Hono {
  const routes = new Hono();
  // Says nothing of Redis or the database: an orchestrator that restarted the process for those would help nobody.
  routes.get('/healthz', (context) => context.json({ isAlive: true }));
  routes.get('/readyz', (context) => {
    const now = status();
    const body = redact(JSON.stringify(now));
    return context.body(body, now.isReady ? 200 : 503, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
    });
  });
  return routes;
}
