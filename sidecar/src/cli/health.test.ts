import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callTidemark } from '../testing/cli-call.ts';

let server: Server;
let port: number;
const statuses: Record<string, number> = { '/healthz': 200, '/readyz': 503 };

beforeEach(async () => {
  server = createServer((request, response) => {
    response.writeHead(statuses[request.url ?? ''] ?? 404).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('tidemark health', () => {
  it('tells alive from ready', async () => {
    const env = { TIDEMARK_PORT: String(port) };
    expect(await callTidemark(['health'], env)).toEqual({ code: 0, out: 'alive\n', err: '' });
    const ready = await callTidemark(['health', '--ready'], env);
    expect(ready).toMatchObject({ code: 1, err: '' });
    expect(ready.out).toBe(`not ready: http://127.0.0.1:${port} answers with 503\n`);
  });

  it('finds the port where the configuration file says it, as the sidecar does', async () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-health-'));
    try {
      const file = path.join(folder, 'tidemark.yaml');
      writeFileSync(file, `http:\n  host: 0.0.0.0\n  port: ${port}\n`);
      expect(await callTidemark(['health'], { TIDEMARK_CONFIG: file })).toMatchObject({ code: 0 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('ends with 3 where nobody answers', async () => {
    const { code, err } = await callTidemark(['health'], { TIDEMARK_PORT: '1' });
    expect(code).toBe(3);
    expect(err).toMatch(/^tidemark: no sidecar answers at http:\/\/127\.0\.0\.1:1 /);
  });

  it('is not asked for more', async () => {
    expect(await callTidemark(['health', 'here'])).toMatchObject({ code: 2 });
  });
});
