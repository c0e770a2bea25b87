import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Stack, startStack } from '@tidemark/devstack';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { Journal } from '@tidemark/protocol';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { describeJournal } from '../testing/journal-suite.ts';
import { runSql } from '../testing/sql.ts';
import { supabaseJournal } from './supabase-journal.ts';

let stack: Stack;
const servers: Server[] = [];

beforeAll(async () => {
  stack = await startStack({ redis: false, realtime: false });
});

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

afterAll(() => stack.close());

function clientOf(url: string, key: string, schema?: string): SupabaseClient {
  const auth = { persistSession: false, autoRefreshToken: false };
  return createClient(url, key, {
    auth,
    ...(schema === undefined ? {} : { db: { schema } }),
  }) as SupabaseClient;
}

function read(client: SupabaseClient): ReturnType<Journal['read']> {
  const { signal } = new AbortController();
  return supabaseJournal(client).read({ since: null, knownWatchHash: null, signal });
}

/** Something else than Supabase. @returns its URL */
async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describeJournal('the journal over the Data API', async () => ({
  journal: supabaseJournal(clientOf(stack.url, stack.serviceRoleKey)),
  databaseUrl: stack.postgres.url,
}));

describe('a journal that cannot be read says why and what to do', () => {
  test('the anon key', async () => {
    await expect(read(clientOf(stack.url, stack.anonKey))).rejects.toMatchObject({
      code: 'JOURNAL_KEY_REFUSED',
      message: 'the key may not read the journal: it must be the service_role key, not the anon key',
    });
  });

  test('a key of another project', async () => {
    const [header, payload] = stack.serviceRoleKey.split('.');
    const forged = `${header}.${payload}.${Buffer.from('another secret').toString('base64url')}`;
    await expect(read(clientOf(stack.url, forged))).rejects.toMatchObject({
      code: 'JOURNAL_KEY_REFUSED',
      message: expect.stringContaining('set SUPABASE_SERVICE_ROLE_KEY'),
    });
  });

  test('a key that has expired', async () => {
    const key = await stack.signJwt({ role: 'service_role' }, { expiresInSeconds: -60 });
    await expect(read(clientOf(stack.url, key))).rejects.toMatchObject({ code: 'JOURNAL_KEY_REFUSED' });
  });

  test('a schema that is not exposed', async () => {
    await expect(read(clientOf(stack.url, stack.serviceRoleKey, 'tidemark'))).rejects.toMatchObject({
      code: 'JOURNAL_NOT_EXPOSED',
      message: expect.stringContaining('exposed schemas'),
    });
  });

  test('nobody there', async () => {
    const url = await serve(() => {});
    const [server] = servers;
    if (server !== undefined) await new Promise((closed) => server.close(closed));
    await expect(read(clientOf(url, stack.serviceRoleKey))).rejects.toMatchObject({
      code: 'JOURNAL_UNREADABLE',
      message: expect.stringMatching(/can't be reached .*ECONNREFUSED.*check SUPABASE_URL/),
    });
  });

  test.each([
    ['a page', 200, '<html>welcome</html>'],
    ['a page that is not found', 404, '<html>not found</html>'],
    ['nothing that is not found', 404, ''],
  ])('%s of somebody else', async (_name, status, body) => {
    const url = await serve((_request, response) => response.writeHead(status).end(body));
    await expect(read(clientOf(url, stack.serviceRoleKey))).rejects.toMatchObject({
      code: 'JOURNAL_NOT_FOUND',
      message: expect.stringContaining('not the Data API of Supabase'),
    });
  });

  test('a gateway that has lost its upstream, without its whole page', async () => {
    const url = await serve((_request, response) =>
      response.writeHead(502).end('bad gateway '.repeat(1_000)),
    );
    const error = await read(clientOf(url, stack.serviceRoleKey)).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'JOURNAL_UNREADABLE', message: expect.stringContaining('502') });
    expect((error as Error).message.length).toBeLessThan(400);
  });

  test('an answer of another version', async () => {
    const url = await serve((_request, response) => {
      response.setHeader('content-type', 'application/json');
      response.end('{"snapshot":"1:1:"}');
    });
    await expect(read(clientOf(url, stack.serviceRoleKey))).rejects.toMatchObject({
      code: 'JOURNAL_ANSWER_INVALID',
    });
  });

  test('no secret is in any of its sentences', async () => {
    const error = await read(clientOf(stack.url, `${stack.serviceRoleKey}x`)).catch(
      (thrown: unknown) => thrown,
    );
    expect(JSON.stringify([String(error), error])).not.toContain(stack.serviceRoleKey);
  });
});

describe('a server that does not answer', () => {
  const calls: Record<string, (journal: Journal) => Promise<unknown>> = {
    nextGeneration: (journal) => journal.nextGeneration(0),
    invalidate: (journal) => journal.invalidate('public.item', ['k']),
    addPrefix: (journal) => journal.addPrefix('public.item', 'copilot:item'),
    prune: (journal) => journal.prune(),
  };

  test('fails a read when its signal says so', async () => {
    const url = await serve(() => {});
    const journal = supabaseJournal(clientOf(url, stack.serviceRoleKey));
    const signal = AbortSignal.timeout(50);
    await expect(journal.read({ since: null, knownWatchHash: null, signal })).rejects.toMatchObject({
      code: 'JOURNAL_UNREADABLE',
    });
  });

  test.each(Object.entries(calls))('fails %s at its deadline: a round must end (R6)', async (_name, call) => {
    const url = await serve(() => {});
    const journal = supabaseJournal(clientOf(url, stack.serviceRoleKey), { callTimeoutMs: 50 });
    await expect(call(journal)).rejects.toMatchObject({ code: 'JOURNAL_UNREADABLE' });
  });
});

// Last: it takes the functions away.
test('migrations that were not applied', async () => {
  await runSql(stack.postgres.url, 'drop function public.tidemark_changes_since(text, text)');
  await stack.dataApi.reloadSchema();
  await expect(read(clientOf(stack.url, stack.serviceRoleKey))).rejects.toMatchObject({
    code: 'JOURNAL_NOT_INSTALLED',
    message: expect.stringContaining('supabase db push'),
  });
});
