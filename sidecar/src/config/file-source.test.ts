import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.ts';
import { resolveConfig, type SidecarConfig } from './config.ts';
import { jsonSchemaText } from './file-schema.ts';
import type { Environment } from './setting-source.ts';

const root = path.join(import.meta.dirname, '..', '..');
const key = 'sb_secret_0123456789';

/** A disk of nothing but these files. */
function disk(files: Readonly<Record<string, string>>): (path: string) => string {
  return (name) => {
    const text = files[name];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return text;
  };
}

interface Case {
  readonly yaml: string;
  readonly env?: Environment;
  readonly args?: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
}

function resolve({ yaml, env = {}, args = [], files = {} }: Case): SidecarConfig {
  return resolveConfig({
    args: ['--config=/etc/tidemark.yaml', ...args],
    env: { SUPABASE_SERVICE_ROLE_KEY: key, ...env },
    readText: disk({ '/etc/tidemark.yaml': yaml, ...files }),
  });
}

function problemsOf(given: Case): readonly string[] {
  try {
    resolve(given);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const good = `
supabase:
  url: https://abc.supabase.co
redis:
  url: redis://redis:6379
`;

describe('a configuration file', () => {
  it('may hold every setting', () => {
    const yaml = `${good}
keyPrefix: "{copilot}"
roundEvery: 120
maxStaleness: 4s
hints: [changes]
tables:
  - table: public.customers
    key: array[tenant_id, id]
    prefixes: [copilot:customers, copilot:names]
  - { table: public.orders, key: id, prefixes: copilot:orders }
bestEffortTables:
  - { table: public.flags, key: [tenant, id], prefix: copilot:flags }
checker:
  perSecond: 0.5
  tables:
    - { table: public.customers, fields: [full_name=name, internal_note=] }
    - table: public.orders
http: { host: 0.0.0.0, port: 0 }
logLevel: debug
`;
    expect(resolve({ yaml })).toEqual({
      supabase: { url: 'https://abc.supabase.co', serviceRoleKey: key },
      databaseUrl: undefined,
      redis: { kind: 'single', url: 'redis://redis:6379' },
      keyPrefix: '{copilot}',
      roundEveryMs: 120,
      hints: ['changes'],
      tables: [
        {
          table: 'public.customers',
          key: 'array[tenant_id, id]',
          prefixes: ['copilot:customers', 'copilot:names'],
        },
        { table: 'public.orders', key: 'id', prefixes: ['copilot:orders'] },
      ],
      bestEffortTables: [{ table: 'public.flags', key: ['tenant', 'id'], prefixes: ['copilot:flags'] }],
      checker: {
        perSecond: 0.5,
        tables: [
          {
            table: 'public.customers',
            fields: new Map([
              ['full_name', 'name'],
              ['internal_note', null],
            ]),
          },
          { table: 'public.orders', fields: new Map() },
        ],
        boundMs: 4_000,
      },
      host: '0.0.0.0',
      port: 0,
      logLevel: 'debug',
    });
  });

  it('loses against a variable, and that against a flag', () => {
    const yaml = `${good}\nhttp: { port: 1, host: file }\nkeyPrefix: file`;
    const env = { TIDEMARK_PORT: '2', TIDEMARK_HOST: 'env', LOG_LEVEL: '' };
    expect(resolve({ yaml, env, args: ['--port=3'] })).toMatchObject({
      port: 3,
      host: 'env',
      keyPrefix: 'file',
      logLevel: 'info',
    });
  });

  it('says nothing where a key has no value', () => {
    expect(resolve({ yaml: `${good}\nhttp:\nkeyPrefix:\nhints: []\n` })).toMatchObject({
      port: 8787,
      keyPrefix: 'copilot',
      hints: [],
    });
  });

  it('names the files of secrets, relative to itself', () => {
    const yaml = `
supabase: { url: https://abc.supabase.co, serviceRoleKeyFile: keys/service }
databaseUrlFile: /run/db
redis: { url: "redis://user@redis:6379", passwordFile: /run/redis }
`;
    const files = {
      '/etc/keys/service': `${key}2\n`,
      '/run/db': 'postgres://u:p@db/x',
      '/run/redis': 'hunter22',
    };
    expect(resolve({ yaml, files, env: { SUPABASE_SERVICE_ROLE_KEY: '' } })).toMatchObject({
      supabase: { serviceRoleKey: `${key}2` },
      databaseUrl: 'postgres://u:p@db/x',
      redis: { kind: 'single', url: 'redis://user:hunter22@redis:6379' },
    });
  });

  it('may name sentinels instead of a URL', () => {
    const yaml = `
supabase: { url: https://abc.supabase.co }
redis:
  sentinels: ["a:26380", b, "[::1]:7"]
  name: mymaster
  username: app
  passwordFile: /run/redis
  tls: true
`;
    expect(resolve({ yaml, files: { '/run/redis': 'hunter22' } }).redis).toEqual({
      kind: 'sentinel',
      sentinels: [
        { host: 'a', port: 26_380 },
        { host: 'b', port: 26_379 },
        { host: '::1', port: 7 },
      ],
      name: 'mymaster',
      username: 'app',
      password: 'hunter22',
      sentinelPassword: undefined,
      isTls: true,
    });
  });

  it.each<[string, string, RegExp]>([
    ['a key that means nothing', `${good}\nhtp: { port: 1 }`, /^tidemark\.yaml:7 htp must be a setting/],
    ['a nested one', `${good}  urll: x`, /^tidemark\.yaml:6 redis\.urll must be a setting: use one of url/],
    ['a list for a value', `${good}\nroundEvery: [1]`, /^tidemark\.yaml:7 roundEvery must be a single/],
    ['braces without quotes', `${good}\nkeyPrefix: {copilot}`, /:7 keyPrefix must be a text.*into quotes/],
    ['a text for a list', `${good}\ntables: public.a`, /:7 tables must be a list/],
    ['a list for a mapping', `${good}\nhttp: [1]`, /:7 http must be a mapping.*host, port/],
    [
      'a table without a key',
      `${good}\ntables:\n  - table: public.a\n    prefixes: [p]`,
      /:8 tables\.0\.key must be given, got nothing/,
    ],
    ['a table without a schema', `${good}\ntables: [{ table: a, key: id, prefixes: p }]`, /entry 1, "table"/],
    ['a value that its setting refuses', `${good}\nhttp:\n  port: 70000`, /:8 http\.port must be a whole/],
    ['a rule over two settings', `${good}\nroundEvery: 1s`, /:7 roundEvery must be at most 500 ms/],
    ['what is no YAML', 'supabase: {', /^tidemark\.yaml:1 must be YAML/],
    [
      'a table that stands there twice',
      `${good}\ntables: [{ table: a.b, key: id, prefixes: p }, { table: a.b, key: id, prefixes: q }]`,
      /:7 tables must name a table once, got a\.b again/,
    ],
    [
      'sentinels without a name',
      good.replace('url: redis://redis:6379', 'sentinels: a'),
      /REDIS_SENTINEL_NAME must be set/,
    ],
    [
      'a sentinel that is none',
      good.replace('url: redis://redis:6379', 'sentinels: a:b\n  name: m'),
      /:5 redis\.sentinels must be/,
    ],
    [
      'a URL and a cluster',
      `${good}  cluster: [a:1]`,
      /:5 redis\.url must be unset when .*:6 redis\.cluster is set, got both/,
    ],
    [
      'a node that is none',
      good.replace('url: redis://redis:6379', 'cluster: [a:1, b:x]'),
      /:5 redis\.cluster must be a comma list of addresses, got "b:x"/,
    ],
    [
      'a cluster with the password of sentinels',
      good.replace('url: redis://redis:6379', 'cluster: a\n  name: m'),
      /:6 redis\.name must be unset without/,
    ],
    [
      'a URL and sentinels',
      `${good}  sentinels: a\n  name: m`,
      /:5 redis\.url must be unset when .*sentinels/,
    ],
    ['a name without sentinels', `${good}  name: m`, /:6 redis\.name must be unset without/],
    [
      'TLS that contradicts the URL',
      good.replace('redis://', 'rediss://') + '  tls: no',
      /redis\.tls must be/,
    ],
  ])('is refused with the line of %s', (_name, yaml, sentence) => {
    expect(problemsOf({ yaml }).join('\n')).toMatch(new RegExp(sentence.source, 'm'));
  });

  it.each<[string, string, RegExp]>([
    [
      'the key',
      good.replace('redis:', '  serviceRoleKey: hunter22\nredis:'),
      /:4 supabase\.serviceRoleKey must not stand/,
    ],
    [
      'a password',
      `${good}  password: hunter22`,
      /^tidemark\.yaml:6 redis\.password must not stand.*set REDIS_PASSWORD/,
    ],
    [
      'a URL with a password',
      good.replace('//redis', '//:hunter22@redis'),
      /:5 redis\.url must not hold a password/,
    ],
    [
      'a connection string',
      `${good}\ndatabaseUrl: postgres://u:hunter22@db/x`,
      /:7 databaseUrl must not stand/,
    ],
  ])('is no place for %s, and never shows it', (_name, yaml, sentence) => {
    const said = problemsOf({ yaml, env: { SUPABASE_SERVICE_ROLE_KEY: '' } }).join('\n');
    expect(said).toMatch(new RegExp(sentence.source, 'm'));
    expect(said).not.toContain('hunter22');
  });

  it('speaks TLS where it says so', () => {
    expect(resolve({ yaml: `${good}  tls: yes` }).redis).toEqual({
      kind: 'single',
      url: 'rediss://redis:6379',
    });
  });

  it('is refused when it is no YAML, without what stands there', () => {
    const said = problemsOf({ yaml: `${good}  password: hunter22: x` }).join('\n');
    expect(said).toMatch(/^tidemark\.yaml:\d+ must be YAML: /);
    expect(said).not.toContain('hunter22');
  });

  it('is refused when it, or a file of a secret, can not be read', () => {
    expect(problemsOf({ yaml: good, args: ['--config=/nowhere.yaml'] })[0]).toMatch(
      /^--config must name a file that can be read, got \/nowhere\.yaml \(ENOENT\)/,
    );
    const yaml = `${good}  passwordFile: /nowhere\n  tokenFile: /empty`;
    expect(problemsOf({ yaml, files: { '/empty': '\n' } })).toEqual([
      expect.stringMatching(/^tidemark\.yaml:6 redis\.passwordFile must name a file.*ENOENT/),
      expect.stringMatching(/^tidemark\.yaml:7 redis\.tokenFile must name a file.*it is empty/),
    ]);
    // What was set wrongly is not called missing as well.
    const needed = `supabase: { url: https://abc.supabase.co, serviceRoleKeyFile: /nowhere }\nredis: { url: [1] }`;
    expect(problemsOf({ yaml: needed, env: { SUPABASE_SERVICE_ROLE_KEY: '' } })).toEqual([
      expect.stringMatching(/^tidemark\.yaml:2 redis\.url must be a text/),
      expect.stringMatching(/^tidemark\.yaml:1 supabase\.serviceRoleKeyFile must name a file/),
    ]);
    const byVariable = { SUPABASE_SERVICE_ROLE_KEY: '', SUPABASE_SERVICE_ROLE_KEY_FILE: '/nowhere' };
    expect(problemsOf({ yaml: good, env: byVariable })).toHaveLength(1);
  });

  it('has a JSON Schema that is the one in the repository: tidemark check-config --schema writes it', () => {
    expect(readFileSync(path.join(root, 'tidemark.schema.json'), 'utf8')).toBe(jsonSchemaText());
  });

  it('is like the example, which needs nothing but its secret', () => {
    const yaml = readFileSync(path.join(root, 'tidemark.example.yaml'), 'utf8');
    expect(resolve({ yaml, files: { '/run/secrets/service_role_key': key } })).toMatchObject({
      host: '0.0.0.0',
      tables: [{ table: 'copilot_internal.tenant_llm_policies' }],
    });
    // Its comments are settings, too.
    const all = yaml.replaceAll(
      /^(\s*)# (?=\w+File?:|bestEffort|  - table|    key|    prefix|checker|  perSecond|  tables|    - table|      fields)/gm,
      '$1',
    );
    expect(all).not.toBe(yaml);
    expect(
      resolve({
        yaml: all,
        files: {
          '/run/secrets/service_role_key': key,
          '/run/secrets/database_url': 'postgres://db/x',
          '/run/secrets/redis_password': 'hunter22',
        },
      }),
    ).toMatchObject({
      databaseUrl: 'postgres://db/x',
      bestEffortTables: [{ table: 'public.flags' }],
      checker: { perSecond: 1 },
    });
  });
});

describe('a secret in a file that a variable names', () => {
  it('is its content, without the line feed at its end', () => {
    const env = { SUPABASE_SERVICE_ROLE_KEY: '', SUPABASE_SERVICE_ROLE_KEY_FILE: '/run/key' };
    expect(resolve({ yaml: good, env, files: { '/run/key': `${key}3\n` } }).supabase?.serviceRoleKey).toBe(
      `${key}3`,
    );
  });

  it('is refused beside the variable itself, and unreadable, and by the name of its file when it is wrong', () => {
    const both = { SUPABASE_SERVICE_ROLE_KEY_FILE: '/run/key' };
    expect(problemsOf({ yaml: good, env: both })).toEqual([
      expect.stringMatching(
        /^SUPABASE_SERVICE_ROLE_KEY_FILE must be unset when SUPABASE_SERVICE_ROLE_KEY is set/,
      ),
    ]);
    const unreadable = { REDIS_PASSWORD_FILE: '/nowhere' };
    expect(problemsOf({ yaml: good, env: unreadable })).toEqual([
      expect.stringMatching(/^REDIS_PASSWORD_FILE must name a file.*ENOENT/),
    ]);
    const wrong = { DATABASE_URL_FILE: '/run/db' };
    expect(problemsOf({ yaml: good, env: wrong, files: { '/run/db': 'mysql://u:hunter22@x' } })).toEqual([
      expect.stringMatching(/^DATABASE_URL_FILE must be a postgres:\/\//),
    ]);
  });
});
