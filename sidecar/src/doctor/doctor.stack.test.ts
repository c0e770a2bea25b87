import { type Stack, startStack, until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { createHmac } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callTidemark } from '../testing/cli-call.ts';
import { runSql } from '../testing/run-sql.ts';
import { SidecarProcess } from '../testing/sidecar-process.ts';
import { runTidemark } from '../testing/tidemark-process.ts';
import type { Finding } from './finding.ts';

const policies = 'copilot_internal.tenant_llm_policies';
const customers = 'public.customers';

let stack: Stack;
let sidecar: SidecarProcess;
let env: Record<string, string>;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-doctor-'));
  stack = await startStack();
  await runSql(
    stack.databaseUrl,
    `create table ${customers} (id text primary key, name text);
     alter table ${customers} enable row level security;`,
  );
  env = {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    REDIS_URL: stack.redisUrl,
  };
  sidecar = new SidecarProcess(env);
  await sidecar.ready('working');
});

afterAll(async () => {
  await sidecar[Symbol.asyncDispose]();
  await stack.close();
  rmSync(folder, { recursive: true });
});

interface Report {
  readonly code: number | null;
  readonly findings: readonly Finding[];
  /** The file with the SQL that mends it. */
  readonly fix: string | null;
}

async function examine(changed: Record<string, string> = {}, ...args: string[]): Promise<Report> {
  const { code, out, err } = await callTidemark(['doctor', '--json', ...args], { ...env, ...changed });
  expect(err).toBe('');
  const { isHealthy, ...report } = JSON.parse(out) as Omit<Report, 'code'> & { isHealthy: boolean };
  expect(code).toBe(isHealthy ? 0 : 1);
  return { code, ...report };
}

/** What is not as it should be: `fail grants`. */
function complaints({ findings }: Report): string[] {
  return findings
    .filter(({ status }) => status === 'warn' || status === 'fail')
    .map(({ status, check }) => `${status} ${check}`);
}

function sentence({ findings }: Report, check: string): string {
  return findings
    .filter((finding) => finding.check === check)
    .map((finding) => finding.sentence)
    .join('\n');
}

describe('tidemark doctor', () => {
  it('finds a whole deployment healthy, and follows a change from the journal to Redis (#24)', async () => {
    const { code, out, err } = await runTidemark(['doctor', '--json'], env);
    expect([code, err]).toEqual([0, '']);
    const { findings } = JSON.parse(out) as Report;
    const byStatus = (status: string): string[] =>
      findings.filter((finding) => finding.status === status).map(({ check }) => check);
    expect(byStatus('skipped')).toEqual(['database', 'declared-tables']);
    expect(byStatus('ok')).toEqual([
      'configuration',
      'data-api',
      'schemas',
      'inspection',
      'grants',
      'triggers',
      'publication',
      'row-security',
      'realtime-bindings',
      'hint-arrival',
      'redis',
      'redis-eviction',
      'redis-persistence',
      'redis-delay',
      'rounds',
      'record-arrival',
    ]);
    expect(findings).toHaveLength(18);
  });

  it('says for people what it says for programs, and no secret', async () => {
    const { code, out } = await callTidemark(['doctor', '--fix'], {
      ...env,
      DATABASE_URL: stack.databaseUrl,
      TIDEMARK_HINTS: 'broadcast,changes,direct',
    });
    expect(code).toBe(0);
    expect(out).toMatch(/^ok +database +PostgreSQL answers/m);
    expect(out).toMatch(/^ok +direct-hints +PostgreSQL streams/m);
    expect(out).toMatch(/18 ok, 0 warnings, 0 failed, 1 skipped\nthere is nothing that SQL would mend/);
    expect(out).not.toContain('postgres:postgres');
    expect(out).not.toContain(stack.serviceRoleKey);
  });

  it('examines PostgreSQL and Redis alone where there is no Supabase', async () => {
    const report = await examine({
      SUPABASE_URL: '',
      SUPABASE_SERVICE_ROLE_KEY: '',
      DATABASE_URL: stack.databaseUrl,
    });
    expect(complaints(report)).toEqual([]);
    expect(sentence(report, 'inspection')).toBe('data-api was skipped');
    for (const check of ['database', 'triggers', 'rounds', 'record-arrival']) {
      expect(report.findings).toContainEqual(expect.objectContaining({ check, status: 'ok' }));
    }
  });
});

describe('tidemark doctor tells a misconfiguration that no SQL mends', () => {
  it.each<[string, () => Record<string, string>, string, RegExp]>([
    [
      'a URL that leads elsewhere',
      () => ({ SUPABASE_URL: `${stack.url}/elsewhere` }),
      'data-api',
      /is not the Data API of Supabase.*set it to the URL of the project/,
    ],
    [
      'a URL where nobody answers',
      () => ({ SUPABASE_URL: 'http://127.0.0.1:9' }),
      'data-api',
      /can't be reached.*check SUPABASE_URL/,
    ],
    [
      'the key of another project',
      () => ({ SUPABASE_SERVICE_ROLE_KEY: keyOfAnotherProject() }),
      'data-api',
      /Supabase refused the key: set SUPABASE_SERVICE_ROLE_KEY/,
    ],
    [
      'the anon key',
      () => ({ SUPABASE_SERVICE_ROLE_KEY: stack.anonKey }),
      'configuration',
      /must be the service_role key, got the key of the role anon/,
    ],
  ])('%s, and examines Redis all the same', async (_name, changed, check, words) => {
    const report = await examine(changed());
    expect(complaints(report)).toEqual([`fail ${check}`]);
    expect(sentence(report, check)).toMatch(words);
    expect(sentence(report, 'triggers')).toMatch(/^data-api (?:failed|was skipped)$/);
    expect(report.findings).toContainEqual(
      expect.objectContaining({ check: 'redis-eviction', status: 'ok' }),
    );
    expect(report.fix).toBeNull();
  });

  it('a schema that is not exposed', async () => {
    await using other = await startStack({ schemas: ['public'], realtime: false, redis: false });
    await runSql(other.databaseUrl, `select tidemark.untrack('copilot_internal.conversations')`);
    const report = await examine({
      SUPABASE_URL: other.url,
      SUPABASE_SERVICE_ROLE_KEY: other.serviceRoleKey,
      TIDEMARK_HINTS: 'none',
    });
    // The sidecar works for another project.
    expect(complaints(report)).toEqual(['fail schemas', 'fail rounds']);
    expect(sentence(report, 'schemas')).toMatch(/^the schema copilot_internal must be exposed/);
    expect(sentence(report, 'rounds')).toMatch(/follow another watch than this database has/);
  });

  it('a Redis where nobody answers, and examines Supabase all the same', async () => {
    const report = await examine({ REDIS_URL: 'redis://127.0.0.1:9' });
    expect(complaints(report)).toEqual(['fail redis']);
    expect(sentence(report, 'redis')).toMatch(/Redis at redis:\/\/127\.0\.0\.1:9 can't be reached/);
    expect(sentence(report, 'rounds')).toBe('redis failed');
    expect(report.findings).toContainEqual(expect.objectContaining({ check: 'hint-arrival', status: 'ok' }));
  });

  it('a Redis that evicts what has no TTL, with the command that mends it', async () => {
    const redis = new Redis(stack.redisUrl);
    try {
      await redis.config('SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru');
      const report = await examine();
      expect(complaints(report)).toEqual(['fail redis-eviction']);
      const finding = report.findings.find(({ check }) => check === 'redis-eviction');
      const [, ...command] = (finding?.command ?? '').split(' ');
      expect(command).toEqual(['config', 'set', 'maxmemory-policy', 'volatile-lru']);
      await redis.call(...(command as [string, ...string[]]));
      expect(complaints(await examine())).toEqual([]);
    } finally {
      await redis.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
      redis.disconnect();
    }
  });

  it('a key that is not in its table, and a table that is not there', async () => {
    const report = await examine({
      TIDEMARK_TABLES: JSON.stringify([
        { table: customers, key: 'array[id, tenant]', prefixes: ['copilot:customers'] },
        { table: 'public.custmers', key: 'id', prefixes: ['copilot:customers'] },
      ]),
    });
    expect(complaints(report)).toEqual(['fail declared-tables', 'fail declared-tables']);
    expect(sentence(report, 'declared-tables')).toBe(
      `the key of ${customers} must be made of its columns (id, name), got tenant: correct the key in the configuration\n` +
        'public.custmers is declared, and there is no such table: create it, or correct its name',
    );
  });

  it('a Realtime that went silent', async () => {
    Object.assign(stack.realtime.vices, { areChangesSilent: true, areBroadcastsSilent: true });
    try {
      expect(complaints(await examine())).toEqual(['warn hint-arrival', 'warn hint-arrival']);
    } finally {
      Object.assign(stack.realtime.vices, { areChangesSilent: false, areBroadcastsSilent: false });
    }
  });

  it('a sidecar that stands still, while another may be started', async () => {
    sidecar.kill('SIGSTOP');
    try {
      const report = await examine();
      expect(new Set(complaints(report))).toEqual(new Set(['fail rounds']));
      expect(sentence(report, 'rounds')).toMatch(/the head of the namespace main stands still/);
      expect(sentence(report, 'record-arrival')).toBe('rounds failed');
    } finally {
      sidecar.kill('SIGCONT');
    }
  });

  it('a head of another type, which the sidecar then replaces', async () => {
    const head = 'copilot:tidemark:main:head';
    const redis = new Redis(stack.redisUrl);
    sidecar.kill('SIGSTOP');
    try {
      await redis.multi().del(head).hset(head, 'a', 1).exec();
      expect(sentence(await examine(), 'rounds')).toContain(
        `the key ${head} must be the head of the namespace main, got a hash that no sidecar wrote: ` +
          'give whatever writes it another key prefix, and start a sidecar, which replaces it',
      );
    } finally {
      sidecar.kill('SIGCONT');
      await until(async () => (await redis.type(head)) === 'string', { what: 'the head to be written anew' });
      redis.disconnect();
    }
  });

  /** Signed with another secret. */
  function keyOfAnotherProject(): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const text = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ role: 'service_role', exp: 4_000_000_000 })}`;
    return `${text}.${createHmac('sha256', 'of-another-project-entirely-unknown').update(text).digest('base64url')}`;
  }
});

// Each of these begins with what the one before it has mended: whatever that left wrong is a complaint too many.
describe('tidemark doctor --fix writes the migration that mends', () => {
  const declaration = (key: string): Record<string, string> => ({
    TIDEMARK_TABLES: JSON.stringify([{ table: customers, key, prefixes: ['copilot:customers'] }]),
  });

  it.each<[string, string, string[], Record<string, string>?]>([
    [
      'rounds that service_role may not ask for',
      'revoke execute on function public.tidemark_changes_since from service_role',
      ['fail data-api'],
    ],
    [
      'an inspection that it may not ask for',
      'revoke execute on function public.tidemark_inspect from service_role',
      ['fail inspection'],
    ],
    [
      'a function that it may not call, and one that everybody may',
      `revoke execute on function public.tidemark_prune from service_role;
       grant execute on function public.tidemark_invalidate to anon`,
      ['fail grants', 'fail grants'],
    ],
    ['a table that it may not read', `revoke select on ${policies} from service_role`, ['fail grants']],
    ['a trigger that is missing', `drop trigger tidemark_update on ${policies}`, ['fail triggers']],
    [
      'a trigger that is disabled',
      `alter table ${policies} disable trigger tidemark_delete`,
      ['fail triggers'],
    ],
    [
      'a table that is not in the publication, whose binding Realtime then refuses (#24)',
      `alter publication supabase_realtime drop table ${policies}`,
      ['warn publication', 'warn realtime-bindings'],
    ],
    [
      'a journal that is not in the publication (#24)',
      'alter publication supabase_realtime drop table tidemark.change',
      ['warn publication', 'warn realtime-bindings'],
    ],
    ['a declared table that is not tracked', 'select 1', ['fail declared-tables'], declaration('id')],
    [
      'one that is tracked by another key',
      'select 1',
      ['fail declared-tables'],
      declaration('array[id, name]'),
    ],
    [
      'a tracked table that everybody may read',
      `alter table ${customers} disable row level security`,
      ['warn row-security'],
    ],
  ])('%s', async (_name, seed, expected, changed = {}) => {
    await runSql(stack.databaseUrl, seed);
    const written = mkdtempSync(path.join(folder, 'migrations-'));
    const report = await examine(changed, '--fix', '--dir', written);
    const files = readdirSync(written).map((file) => path.join(written, file));
    for (const file of files) await runSql(stack.databaseUrl, readFileSync(file, 'utf8'));
    expect(complaints(report)).toEqual(expected);
    expect(files).toEqual([report.fix]);
  });

  it('and the deployment is healthy afterwards', async () => {
    expect(complaints(await examine(declaration('array[id, name]')))).toEqual([]);
  });

  it('but no file where the folder is not there', async () => {
    await runSql(stack.databaseUrl, `alter table ${customers} disable row level security`);
    const { code, err } = await callTidemark(['doctor', '--fix', '--dir', path.join(folder, 'none')], env);
    expect(code).toBe(2);
    expect(err).toMatch(/the folder of the migrations must be one that can be written to.*ENOENT.*--dir/);
    await runSql(stack.databaseUrl, `alter table ${customers} enable row level security`);
  });
});
