// No secret is told: real processes with distinctive secrets, right ones and wrong ones, and everything they say.
import { type Stack, startStack, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runSql } from './testing/run-sql.ts';
import { SidecarProcess } from './testing/sidecar-process.ts';
import { runTidemark, TidemarkProcess } from './testing/tidemark-process.ts';

const redisPassword = 'rEd1s/Pass wörd+Zq7';
const databasePassword = 'dAtabase:Pass@word/Xk3';
const wrongRedisPassword = 'wrOng-redis-Wv5';
const wrongDatabasePassword = 'wrOng-database-Uj9';
/** Shaped like a key of Supabase, signed by nobody. */
const wrongKey = `eyJhbGciOiJIUzI1NiJ9.${Buffer.from('{"role":"service_role","sub":"distinctive-Tb2"}').toString('base64url')}.c2lnbmVkLWJ5LW5vYm9keQ`;

let stack: Stack;
let secrets: readonly string[];

beforeAll(async () => {
  stack = await startStack();
  await runSql(
    stack.databaseUrl,
    `create role sidecar_role login password '${databasePassword}' in role service_role`,
  );
  const redis = new Redis(stack.redisUrl);
  await redis.config('SET', 'requirepass', redisPassword);
  redis.disconnect();
  secrets = [
    stack.serviceRoleKey,
    ...stack.serviceRoleKey.split('.').slice(1),
    wrongKey,
    ...wrongKey.split('.').slice(1),
    ...[redisPassword, databasePassword, wrongRedisPassword, wrongDatabasePassword].flatMap((text) => [
      text,
      encodeURIComponent(text),
      Buffer.from(text).toString('base64'),
    ]),
  ];
});

afterAll(() => stack.close());

function databaseUrl(password: string): string {
  const url = new URL(stack.databaseUrl);
  url.username = 'sidecar_role';
  url.password = encodeURIComponent(password);
  return url.href;
}

type Env = Readonly<Record<string, string>>;

const environments = {
  'over the Data API': () => ({ REDIS_PASSWORD: redisPassword }),
  'over a direct connection': () => ({
    REDIS_PASSWORD: redisPassword,
    DATABASE_URL: databaseUrl(databasePassword),
  }),
  'with the password in the URL of Redis': () => ({
    REDIS_URL: `redis://:${encodeURIComponent(redisPassword)}@${new URL(stack.redisUrl).host}`,
  }),
} satisfies Record<string, () => Env>;

const wrong = {
  'a wrong service key': () => ({ REDIS_PASSWORD: redisPassword, SUPABASE_SERVICE_ROLE_KEY: wrongKey }),
  'a wrong Redis password': () => ({ REDIS_PASSWORD: wrongRedisPassword }),
  'a wrong Redis password in the URL': () => ({
    REDIS_URL: `redis://:${wrongRedisPassword}@${new URL(stack.redisUrl).host}`,
  }),
  'a wrong database password': () => ({
    REDIS_PASSWORD: redisPassword,
    DATABASE_URL: databaseUrl(wrongDatabasePassword).replace('sidecar_role', 'nobody_at_all'),
  }),
} satisfies Record<string, () => Env>;

function environment(more: Env): Env {
  return {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    REDIS_URL: stack.redisUrl,
    LOG_LEVEL: 'trace',
    ...more,
  };
}

function tellsNothing(text: string): void {
  for (const secret of secrets) expect(text).not.toContain(secret);
}

const routes = [
  '/',
  '/healthz',
  '/readyz',
  '/metrics',
  '/assets/page.js',
  '/assets/page.css',
  '/snapshots',
  '/nowhere',
  '/%00',
];

/** Headers and body; of a stream its first piece. */
async function answerOf(url: string): Promise<string> {
  const aborting = new AbortController();
  const response = await fetch(url, { signal: aborting.signal });
  const headers = JSON.stringify([...response.headers]);
  if (!url.endsWith('/snapshots')) return headers + (await response.text());
  const { value } = (await response.body?.getReader().read()) ?? {};
  aborting.abort();
  return headers + Buffer.from(value ?? []).toString();
}

describe('a sidecar', () => {
  it.each(Object.entries(environments))(
    'that runs %s tells no secret: not in its log, its arguments, or any answer',
    async (_name, env) => {
      await using sidecar = new SidecarProcess(environment(env()));
      await sidecar.ready('working');
      for (const route of routes) tellsNothing(await answerOf(`${await sidecar.url()}${route}`));
      tellsNothing(await readFile(`/proc/${sidecar.pid}/cmdline`, 'utf8'));
      sidecar.kill('SIGTERM');
      await sidecar.exited;
      expect(sidecar.said).toContain('the sidecar has stopped');
      tellsNothing(sidecar.said);
    },
  );

  it.each(Object.entries(wrong))('that has %s says what is wrong, and not the secret', async (_name, env) => {
    await using sidecar = new SidecarProcess(environment(env()));
    let hasEnded = false;
    void sidecar.exited.then(() => (hasEnded = true));
    const isUnready = async (): Promise<boolean> =>
      sidecar.told('the sidecar has started') !== undefined && (await sidecar.readiness()).status === 503;
    await until(async () => hasEnded || (await isUnready()), { what: 'a refusal, or problems', everyMs: 50 });
    if (!hasEnded) tellsNothing(await answerOf(`${await sidecar.url()}/readyz`));
    expect(sidecar.said).toMatch(/can not start|"level":40/);
    tellsNothing(sidecar.said);
  });
});

describe('the commands', () => {
  const most = [['status', '--json'], ['doctor']];
  const all = [
    ...most,
    ['explain', 'copilot:llm:policy:acme'],
    ['check-config'],
    ['invalidate', '--table', 'copilot_internal.tenant_llm_policies'],
  ];
  const cases = { 'right secrets': environments['over the Data API'], ...wrong };

  it.each(Object.entries(cases))('tell no secret with %s', async (name, env) => {
    const commands = name === 'right secrets' ? all : most;
    await Promise.all(
      commands.map(async (command) => {
        const { out, err } = await runTidemark(command, environment(env()));
        expect(out + err, command.join(' ')).not.toBe('');
        tellsNothing(out + err);
      }),
    );
  });

  it('tell none while they run for ever', async () => {
    await using tail = new TidemarkProcess(['tail'], environment({ REDIS_PASSWORD: redisPassword }));
    await until(() => tail.out + tail.err !== '', { what: 'tail to begin' });
    tellsNothing(tail.out + tail.err);
  });
});
