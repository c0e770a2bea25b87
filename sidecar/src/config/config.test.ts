import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import { resolveConfig, type SidecarConfig } from './config.ts';
import { helpText, settings, type Variable, variables } from './settings.ts';

type Env = Partial<Record<Variable, string>>;

function jwt(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'HS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}

const key = jwt({ role: 'service_role' });

const good: Env = {
  SUPABASE_URL: 'https://abc.supabase.co',
  SUPABASE_SERVICE_ROLE_KEY: key,
  REDIS_URL: 'redis://127.0.0.1:6379',
};

function resolve(env: Env, args: readonly string[] = []): SidecarConfig {
  return resolveConfig({ args, env: { ...good, ...env } });
}

function problemsOf(env: Env, args: readonly string[] = []): readonly string[] {
  try {
    resolve(env, args);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

describe('a configuration', () => {
  it('needs only Supabase and Redis, and has a default for everything else', () => {
    expect(resolve({})).toEqual({
      supabase: { url: 'https://abc.supabase.co', serviceRoleKey: key },
      databaseUrl: undefined,
      redis: { kind: 'single', url: 'redis://127.0.0.1:6379' },
      keyPrefix: 'copilot',
      roundEveryMs: 250,
      hints: ['broadcast', 'changes'],
      tables: [],
      bestEffortTables: [],
      host: '127.0.0.1',
      port: 8787,
      logLevel: 'info',
    });
  });

  it('has no checker unless it is asked for, whatever its tables are', () => {
    expect(resolve({ TIDEMARK_CHECKER_TABLES: 'a.b(c=d)' })).not.toHaveProperty('checker');
    expect(resolve({ TIDEMARK_CHECKER_PER_SECOND: '0' })).not.toHaveProperty('checker');
    expect(resolve({ TIDEMARK_CHECKER_PER_SECOND: '2', TIDEMARK_MAX_STALENESS: '3s' })).toMatchObject({
      checker: { perSecond: 2, tables: [], boundMs: 3_000 },
    });
  });

  it('takes an empty variable for one that is unset', () => {
    expect(resolve({ TIDEMARK_PORT: ' ', LOG_LEVEL: '', DATABASE_URL: '' })).toEqual(resolve({}));
  });

  it('prefers the flag to the variable, written with a space or with "="', () => {
    const env: Env = { TIDEMARK_PORT: '1', TIDEMARK_KEY_PREFIX: 'env' };
    expect(resolve(env)).toMatchObject({ port: 1, keyPrefix: 'env' });
    expect(resolve(env, ['--port', '2', '--key-prefix=flag'])).toMatchObject({ port: 2, keyPrefix: 'flag' });
    expect(resolve({ TIDEMARK_PORT: 'nonsense' }, ['--port=2']).port).toBe(2);
  });

  it.each<[string, Env, Partial<SidecarConfig>]>([
    ['a secret key', { SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_abc' }, {}],
    ['a port of 0', { TIDEMARK_PORT: '0' }, { port: 0 }],
    ['all addresses', { TIDEMARK_HOST: '0.0.0.0' }, { host: '0.0.0.0' }],
    ['an IPv6 address', { TIDEMARK_HOST: '::1' }, { host: '::1' }],
    ['no hints', { TIDEMARK_HINTS: 'none' }, { hints: [] }],
    ['one hint', { TIDEMARK_HINTS: 'Changes' }, { hints: ['changes'] }],
    [
      'hints of PostgreSQL itself, also without Supabase',
      {
        TIDEMARK_HINTS: 'direct',
        DATABASE_URL: 'postgres://db/x',
        SUPABASE_URL: '',
        SUPABASE_SERVICE_ROLE_KEY: '',
      },
      { supabase: undefined, hints: ['direct'] },
    ],
    ['a period in words', { TIDEMARK_ROUND_EVERY: '0.5s' }, { roundEveryMs: 500 }],
    ['a period in milliseconds', { TIDEMARK_ROUND_EVERY: '120' }, { roundEveryMs: 120 }],
    [
      'a long period for a long bound',
      { TIDEMARK_ROUND_EVERY: '1s', TIDEMARK_MAX_STALENESS: '4s' },
      { roundEveryMs: 1_000 },
    ],
    [
      'a prefix with the hash tag of a cluster',
      { TIDEMARK_KEY_PREFIX: '{copilot}' },
      { keyPrefix: '{copilot}' },
    ],
    ['a log level in capitals', { LOG_LEVEL: 'DEBUG' }, { logLevel: 'debug' }],
    [
      'a password beside the URL',
      { REDIS_PASSWORD: 'p@ss/word' },
      { redis: { kind: 'single', url: 'redis://:p%40ss%2Fword@127.0.0.1:6379' } },
    ],
    [
      'what Upstash shows',
      { REDIS_URL: 'https://x.upstash.io', REDIS_TOKEN: 'to/ken' },
      { redis: { kind: 'single', url: 'rediss://default:to%2Fken@x.upstash.io:6379' } },
    ],
    [
      'a direct connection, whose rounds are more frequent',
      { DATABASE_URL: 'postgresql://u:p@db:5432/postgres' },
      { databaseUrl: 'postgresql://u:p@db:5432/postgres', roundEveryMs: 100 },
    ],
    [
      'a direct connection without Supabase, and so without its hints',
      { DATABASE_URL: 'postgres://db/x', SUPABASE_URL: '', SUPABASE_SERVICE_ROLE_KEY: '' },
      { supabase: undefined, hints: [] },
    ],
    [
      'best-effort tables, also with keys of several columns and with several prefixes',
      {
        TIDEMARK_BEST_EFFORT_TABLES:
          'public.flags(id)=copilot:flags, a.b(x, y)=p:b,public.flags(id)=copilot:other',
      },
      {
        bestEffortTables: [
          { table: 'public.flags', key: ['id'], prefixes: ['copilot:flags', 'copilot:other'] },
          { table: 'a.b', key: ['x', 'y'], prefixes: ['p:b'] },
        ],
      },
    ],
    [
      'a URL of Supabase with a slash at the end',
      { SUPABASE_URL: 'http://127.0.0.1:54321/' },
      { supabase: { url: 'http://127.0.0.1:54321', serviceRoleKey: key } },
    ],
  ])('may have %s', (_name, env, expected) => {
    expect(resolve(env)).toMatchObject(expected);
  });

  it.each<[Variable, string, RegExp]>([
    ['SUPABASE_URL', '', /^SUPABASE_URL must be set, got nothing/],
    ['SUPABASE_URL', 'abc.supabase.co', /must be an http:\/\/ or https:\/\/ URL/],
    ['SUPABASE_URL', 'ftp://abc.supabase.co', /must be an http:\/\/ or https:\/\/ URL/],
    [
      'SUPABASE_URL',
      'https://abc-all.supabase.co',
      /load balancer abc-all\.supabase\.co: use abc\.supabase\.co/,
    ],
    ['SUPABASE_URL', 'https://abc.supabase.co/rest/v1/', /ends in \/rest\/v1\/: leave that path out/],
    ['SUPABASE_SERVICE_ROLE_KEY', '', /^SUPABASE_SERVICE_ROLE_KEY must be set/],
    [
      'SUPABASE_SERVICE_ROLE_KEY',
      jwt({ role: 'anon' }),
      /got the key of the role anon: copy the key marked service_role/,
    ],
    ['SUPABASE_SERVICE_ROLE_KEY', jwt({ role: 'authenticated' }), /role authenticated/],
    ['SUPABASE_SERVICE_ROLE_KEY', jwt({ sub: 'x' }), /got neither/],
    ['SUPABASE_SERVICE_ROLE_KEY', 'a.b.c', /got neither/],
    ['SUPABASE_SERVICE_ROLE_KEY', 'sb_publishable_abc', /got the publishable key/],
    ['SUPABASE_SERVICE_ROLE_KEY', 'something else', /got neither/],
    ['DATABASE_URL', 'mysql://u:p@db/x', /must be a postgres:\/\/ or postgresql:\/\/ URL/],
    ['DATABASE_URL', 'db:5432', /must be a postgres:\/\//],
    ['REDIS_URL', '', /^REDIS_URL must be set/],
    ['REDIS_URL', '127.0.0.1:6379', /got a text without a scheme/],
    ['REDIS_URL', 'http://127.0.0.1:6379', /got http:\/\//],
    ['REDIS_URL', 'redis://', /must name a host/],
    ['REDIS_URL', 'https://x.upstash.io', /^REDIS_TOKEN must be set when REDIS_URL is an https/],
    ['TIDEMARK_KEY_PREFIX', 'my cache', /without spaces.*got "my cache"/],
    ['TIDEMARK_KEY_PREFIX', 'copilot*', /got "copilot\*"/],
    ['TIDEMARK_ROUND_EVERY', 'often', /positive number of milliseconds or a duration, got "often"/],
    ['TIDEMARK_ROUND_EVERY', '0', /got "0"/],
    ['TIDEMARK_ROUND_EVERY', '-1s', /got "-1s"/],
    [
      'TIDEMARK_ROUND_EVERY',
      '501ms',
      /must be at most 500 ms for TIDEMARK_MAX_STALENESS of 2000 ms .*two head reads of 250 ms each.*got 501 ms.*raise the bound to 2004 ms/,
    ],
    ['TIDEMARK_MAX_STALENESS', '900ms', /must be at most 225 ms .*got 250 ms/],
    ['TIDEMARK_MAX_STALENESS', 'none', /^TIDEMARK_MAX_STALENESS must be a positive/],
    [
      'TIDEMARK_HINTS',
      'broadcast,webhooks',
      /comma list of broadcast, changes, direct, or none, got "broadcast,webhooks"/,
    ],
    ['TIDEMARK_HINTS', 'none,changes', /or none/],
    ['TIDEMARK_HOST', 'http://x/', /address or a host name/],
    ['TIDEMARK_PORT', '65536', /whole number from 0 to 65535, got "65536"/],
    ['TIDEMARK_PORT', '80.5', /whole number/],
    ['TIDEMARK_PORT', '-1', /whole number/],
    ['LOG_LEVEL', 'loud', /one of trace, debug, info, warn, error, fatal, silent, got "loud"/],
    [
      'TIDEMARK_BEST_EFFORT_TABLES',
      'flags(id)=copilot:flags',
      /got "flags\(id\)=copilot:flags": write for example/,
    ],
    ['TIDEMARK_BEST_EFFORT_TABLES', 'public.flags=copilot:flags', /schema\.table\(key columns\)=prefix/],
    ['TIDEMARK_BEST_EFFORT_TABLES', 'public.flags(id)=', /schema\.table/],
    [
      'TIDEMARK_BEST_EFFORT_TABLES',
      'public.a(id)=p,public.a(x)=q',
      /one key, got \(id\) and \(x\) for public\.a/,
    ],
  ])('is refused with one sentence for %s="%s"', (variable, value, sentence) => {
    const problems = problemsOf({ [variable]: value });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(sentence);
  });

  it('is refused with a password in two places', () => {
    const env: Env = { REDIS_URL: 'redis://:inside@db', REDIS_PASSWORD: 'outside' };
    expect(problemsOf(env)).toEqual([
      'REDIS_PASSWORD must be unset when REDIS_URL holds a password, got both: leave one of them out',
    ]);
  });

  it('is refused with direct hints, where there is no direct connection', () => {
    expect(problemsOf({ ...good, TIDEMARK_HINTS: 'broadcast,direct' })).toEqual([
      expect.stringMatching(/^TIDEMARK_HINTS must not have direct without DATABASE_URL/),
    ]);
  });

  it('is refused with what needs Realtime, where there is no Supabase', () => {
    const env: Env = {
      DATABASE_URL: 'postgres://db/x',
      SUPABASE_URL: '',
      SUPABASE_SERVICE_ROLE_KEY: '',
      TIDEMARK_HINTS: 'changes',
      TIDEMARK_BEST_EFFORT_TABLES: 'public.a(id)=p',
    };
    expect(problemsOf(env).map((problem) => problem.split(' ')[0])).toEqual([
      'TIDEMARK_HINTS',
      'TIDEMARK_BEST_EFFORT_TABLES',
    ]);
  });

  it('is refused with half of Supabase, also where the journal is read over a direct connection', () => {
    const env: Env = { DATABASE_URL: 'postgres://db/x', SUPABASE_SERVICE_ROLE_KEY: '' };
    expect(problemsOf(env)).toEqual([expect.stringMatching(/^SUPABASE_SERVICE_ROLE_KEY must be set/)]);
  });

  it.each([
    [['--nope=1'], /^--nope is not a flag of the sidecar: see --help/],
    [['--port'], /^--port must be followed by a value/],
    [['--port='], /^--port must be followed by a value/],
    [['--redis-password=hunter22'], /^--redis-password must not be given as an argument.*set REDIS_PASSWORD/],
    [['serve'], /^an argument must be a flag/],
    [['--port=x'], /^--port must be a whole number/],
  ])('is refused with the arguments %j', (args, sentence) => {
    const problems = problemsOf({}, args);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(sentence);
  });

  it('is refused with all of its problems at once', () => {
    const env: Env = {
      SUPABASE_URL: 'nonsense',
      SUPABASE_SERVICE_ROLE_KEY: jwt({ role: 'anon' }),
      DATABASE_URL: 'nonsense',
      REDIS_URL: 'nonsense',
      TIDEMARK_KEY_PREFIX: 'two words',
      TIDEMARK_ROUND_EVERY: 'nonsense',
      TIDEMARK_MAX_STALENESS: 'nonsense',
      TIDEMARK_HINTS: 'nonsense',
      TIDEMARK_TABLES: 'nonsense',
      TIDEMARK_BEST_EFFORT_TABLES: 'nonsense',
      TIDEMARK_HOST: 'no host',
      TIDEMARK_PORT: 'nonsense',
      LOG_LEVEL: 'nonsense',
    };
    const named = problemsOf(env).map((problem) => problem.split(' ')[0]);
    expect(named).toHaveLength(Object.keys(env).length);
    expect(new Set(named)).toEqual(new Set(Object.keys(env)));
  });

  it('never shows a secret, wherever it was put', () => {
    const secrets = ['s3cr3t-password', 'sb_secret_abcdef', jwt({ role: 'anon' }), key];
    for (const secret of secrets) {
      for (const variable of variables) {
        const env = { REDIS_PASSWORD: 's3cr3t-password', [variable]: secret };
        expect(problemsOf(env).join('\n'), variable).not.toContain(secret);
      }
      expect(problemsOf({ REDIS_PASSWORD: secret }, [secret, `--port=${secret}`]).join('\n')).not.toContain(
        secret,
      );
    }
    const urls: Env = {
      SUPABASE_URL: 'ftp://user:hunter22@x',
      REDIS_URL: 'http://:hunter22@x',
      DATABASE_URL: 'mysql://u:hunter22@x/y',
    };
    expect(problemsOf(urls)).toHaveLength(3);
    expect(problemsOf(urls).join('\n')).not.toContain('hunter22');
  });

  it('is explained by --help and by the README, every setting of it', () => {
    const readme = readFileSync(path.join(import.meta.dirname, '..', '..', 'README.md'), 'utf8');
    for (const variable of variables) {
      expect(helpText()).toContain(variable);
      expect(helpText()).toContain(settings[variable].meaning);
      expect(readme).toContain(`\`${variable}\``);
    }
  });
});
