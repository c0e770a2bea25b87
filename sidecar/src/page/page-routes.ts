// The status page over HTTP: its files, and a stream of snapshots. Read-only; it has no route that changes anything, and
// loads nothing from anywhere else.
import { Hono } from 'hono';
import { type SSEStreamingApi, streamSSE } from 'hono/streaming';
import { readFileSync } from 'node:fs';

export interface PageOptions {
  /** The JSON of one snapshot, without secrets. */
  readonly snapshot: () => string;
  /** Where the sidecar listens. */
  readonly host: string;
}

export interface StatusPage {
  readonly routes: Hono;
  /** Shows a new snapshot to everybody who looks. */
  readonly update: () => void;
}

/** People of one team; each costs some kilobytes a second. */
const maxViewers = 20;

const assets = {
  '/': ['page.html', 'text/html; charset=utf-8'],
  '/assets/page.css': ['page.css', 'text/css; charset=utf-8'],
  '/assets/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/assets/draw.js': ['draw.js', 'text/javascript; charset=utf-8'],
  '/assets/sparkline.js': ['sparkline.js', 'text/javascript; charset=utf-8'],
} as const;

const headers = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

const loopback = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** @throws when a file of the page is missing: the installation is not whole */
export function createStatusPage({ snapshot, host }: PageOptions): StatusPage {
  const routes = new Hono();
  const viewers = new Viewers();
  for (const [path, [file, type]] of Object.entries(assets)) {
    const content = readFileSync(new URL(`../../assets/${file}`, import.meta.url), 'utf8');
    routes.get(path, (context) =>
      isForUs(host, context.req.url)
        ? context.body(content, 200, { ...headers, 'content-type': type })
        : context.text(wrongHost, 403),
    );
  }
  routes.get('/snapshots', (context) => {
    if (!isForUs(host, context.req.url)) return context.text(wrongHost, 403);
    if (viewers.size >= maxViewers) {
      return context.text(`${maxViewers} pages are open already: close one of them`, 503);
    }
    return streamSSE(context, (stream) => viewers.serve(stream, snapshot()));
  });
  return {
    routes,
    update: () => {
      if (viewers.size > 0) viewers.show(snapshot());
    },
  };
}

const wrongHost = 'The page is for this machine only: open it by localhost or 127.0.0.1.';

/** A site that leads its name to the loopback address of its visitors gets nothing: they did not ask for it by that name. */
function isForUs(host: string, url: string): boolean {
  const isLocal = host === '127.0.0.1' || host === 'localhost' || host === '::1';
  return !isLocal || loopback.has(new URL(url).hostname);
}

class Viewers {
  readonly #streams = new Map<SSEStreamingApi, { isBusy: boolean }>();

  get size(): number {
    return this.#streams.size;
  }

  /** Resolves when the viewer has left. */
  async serve(stream: SSEStreamingApi, first: string): Promise<void> {
    const { promise: left, resolve: leave } = Promise.withResolvers<void>();
    stream.onAbort(leave);
    this.#streams.set(stream, { isBusy: false });
    try {
      await stream.writeSSE({ data: first });
      await left;
    } finally {
      this.#streams.delete(stream);
    }
  }

  show(data: string): void {
    for (const [stream, viewer] of this.#streams) {
      // One that does not read gets the next one that it has time for; nothing piles up.
      if (viewer.isBusy) continue;
      viewer.isBusy = true;
      void stream.writeSSE({ data }).finally(() => {
        viewer.isBusy = false;
      });
    }
  }
}
