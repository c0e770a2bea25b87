import { settle } from '@tidemark/devstack/fakes';
import { describe, expect, it } from 'vitest';
import { createStatusPage, type StatusPage } from './page-routes.ts';

function pageOf(host = '127.0.0.1', snapshot = (): string => '{"at":1}'): StatusPage {
  return createStatusPage({ host, snapshot });
}

describe('the routes of the status page', () => {
  it('serve every file that the page names, and a policy under which nothing else is loaded', async () => {
    const { routes } = pageOf();
    const page = await routes.request('http://localhost/');
    const policy = page.headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain('unsafe');
    const html = await page.text();
    const scripts = ['/assets/page.js', '/assets/draw.js', '/assets/sparkline.js', '/assets/page.css'];
    for (const asset of scripts) {
      const response = await routes.request(`http://localhost${asset}`);
      expect([asset, response.status]).toEqual([asset, 200]);
      expect(response.headers.get('x-content-type-options')).toBe('nosniff');
      const text = await response.text();
      for (const [, imported = ''] of text.matchAll(/from '\.\/([\w.-]+)'/g)) {
        expect(scripts).toContain(`/assets/${imported}`);
      }
    }
    for (const [, named = ''] of html.matchAll(/(?:src|href)="([^"]+)"/g)) {
      expect(named === 'data:,' || scripts.includes(named)).toBe(true);
    }
  });

  it.each(['GET', 'HEAD'])('answer to %s', async (method) => {
    expect((await pageOf().routes.request('http://localhost/', { method })).status).toBe(200);
  });

  it.each(['POST', 'PUT', 'DELETE', 'PATCH'])('know no %s: nothing here changes anything', async (method) => {
    for (const path of ['/', '/snapshots', '/assets/page.js']) {
      expect((await pageOf().routes.request(`http://localhost${path}`, { method })).status).toBe(404);
    }
  });

  it.each([
    ['http://127.0.0.1:8787', 200],
    ['http://localhost:8787', 200],
    ['http://[::1]:8787', 200],
    ['http://rebound.example:8787', 403],
  ])('on a loopback address answer %s with %i', async (origin, status) => {
    for (const path of ['/', '/assets/page.js']) {
      expect((await pageOf().routes.request(origin + path)).status).toBe(status);
    }
    const stream = await pageOf().routes.request(`${origin}/snapshots`);
    expect(stream.status).toBe(status);
    await stream.body?.cancel();
  });

  it('on an address for everybody answer by any name', async () => {
    expect((await pageOf('0.0.0.0').routes.request('http://sidecar.example/')).status).toBe(200);
  });

  it('send the snapshot of now at once, and one with each update', async () => {
    let at = 0;
    const page = pageOf('127.0.0.1', () => `{"at":${(at += 1)}}`);
    const reader = await open(page);
    expect(await next(reader)).toBe('data: {"at":1}\n\n');
    page.update();
    expect(await next(reader)).toBe('data: {"at":2}\n\n');
    await reader.cancel();
    const before = at;
    page.update();
    expect(at).toBe(before);
  });

  it('let nothing pile up for a viewer that does not read, and turn away one too many', async () => {
    let taken = 0;
    const page = pageOf('127.0.0.1', () => `{"at":${(taken += 1)}}`);
    const readers = [];
    for (let viewer = 0; viewer < 20; viewer += 1) {
      const reader = await open(page);
      await next(reader);
      readers.push(reader);
    }
    const late = await page.routes.request('http://localhost/snapshots');
    expect([late.status, await late.text()]).toEqual([503, expect.stringContaining('20 pages are open')]);
    for (let update = 0; update < 50; update += 1) page.update();
    const waiting: string[] = [];
    const lastTaken = taken;
    const [reader] = readers;
    do {
      await settle();
      page.update();
      waiting.push(await next(reader!));
    } while (waiting.length < 50 && Number(/\d+/.exec(waiting.at(-1) ?? '')) < lastTaken);
    expect(waiting.length).toBeLessThan(5);
    for (const one of readers) await one.cancel();
  });
});

async function open({ routes }: StatusPage): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const { body } = await routes.request('http://localhost/snapshots');
  return body!.getReader();
}

async function next(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const { value } = await reader.read();
  return new TextDecoder().decode(value);
}
