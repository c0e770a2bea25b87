import { Redis } from 'ioredis';
import { describe, expect, test } from 'vitest';
import { EnvironmentError } from '../errors.ts';
import { parseEnvironment } from './environment.ts';
import type { EnvironmentVariables } from './environment-reader.ts';

const supabase = { SUPABASE_URL: 'https://ref.supabase.co', SUPABASE_SERVICE_ROLE_KEY: 'service-secret' };
const inTest = { NODE_ENV: 'test' };

function problemsOf(variables: EnvironmentVariables): readonly string[] {
  try {
    parseEnvironment(variables);
  } catch (error) {
    expect(error).toBeInstanceOf(EnvironmentError);
    expect(error).toMatchObject({ code: 'ENVIRONMENT_INVALID' });
    return (error as EnvironmentError).problems;
  }
  return [];
}

test('an empty environment in a test has every default', () => {
  expect(parseEnvironment(inTest)).toMatchObject({
    mode: { nodeEnv: 'test', isMemoryAllowed: true },
    ttls: { policy: 300, config: 300, conversation: 60 },
    redis: { kind: 'none' },
    supabase: { kind: 'none' },
  });
});

test('every problem is listed at once (#30, #31, #32, #33)', () => {
  const problems = problemsOf({
    ENABLE_REDIS_CACHING: 'maybe',
    POLICY_CACHE_TTL_SECONDS: '-1',
    REDIS_URL: 'memcached://cache',
    COPILOT_CONVERSATIONS_MODE: 'memory',
  });
  expect(problems).toEqual([
    'COPILOT_CONVERSATIONS_MODE=memory needs NODE_ENV=development or test, got NODE_ENV unset; unset it, conversations in memory are gone with the process',
    'ENABLE_REDIS_CACHING must be one of true, 1, yes, on, false, 0, no, off, got "maybe"',
    'POLICY_CACHE_TTL_SECONDS must be a whole number of seconds above 0, got "-1"',
    'REDIS_URL must be a redis:// or rediss:// URL, or the https:// URL of Upstash together with REDIS_TOKEN, got a URL that starts with memcached://',
    'SUPABASE_URL must be set outside NODE_ENV=development and test (NODE_ENV unset), got nothing',
    'SUPABASE_SERVICE_ROLE_KEY must be set outside NODE_ENV=development and test (NODE_ENV unset), got nothing',
  ]);
});

describe('TTLs (#31)', () => {
  test.each([
    ['POLICY_CACHE_TTL_SECONDS', 'policy'],
    ['CONFIG_CACHE_TTL_SECONDS', 'config'],
    ['CONVERSATION_CACHE_TTL_SECONDS', 'conversation'],
  ] as const)('%s is read', (variable, name) => {
    const before = parseEnvironment(inTest).ttls;
    expect(parseEnvironment({ ...inTest, [variable]: '17' }).ttls).toEqual({ ...before, [name]: 17 });
  });

  test.each(['0', '-5', '1.5', '5m', '1e3', 'ten', '99999999999999999999'])('%j is refused', (text) => {
    expect(problemsOf({ ...inTest, CONFIG_CACHE_TTL_SECONDS: text })).toEqual([
      `CONFIG_CACHE_TTL_SECONDS must be a whole number of seconds above 0, got ${JSON.stringify(text)}`,
    ]);
  });
});

describe('Redis (#32)', () => {
  const cases: readonly { what: string; env: EnvironmentVariables; url: string; address: string }[] = [
    {
      what: 'a plain URL',
      env: { REDIS_URL: 'redis://cache:6380/2' },
      url: 'redis://cache:6380/2',
      address: 'redis://cache:6380',
    },
    {
      what: 'a TLS URL with credentials',
      env: { REDIS_URL: 'rediss://app:p%40ss@cache:6379' },
      url: 'rediss://app:p%40ss@cache:6379',
      address: 'rediss://cache:6379',
    },
    {
      what: 'a URL and a password',
      env: { REDIS_URL: 'redis://cache', REDIS_PASSWORD: 'p@ss/w:rd%' },
      url: 'redis://:p%40ss%2Fw%3Ard%25@cache',
      address: 'redis://cache',
    },
    {
      what: 'a URL with a user and a password',
      env: { REDIS_URL: 'redis://app@cache', REDIS_PASSWORD: 'pw' },
      url: 'redis://app:pw@cache',
      address: 'redis://cache',
    },
    {
      what: "Upstash's URL and token",
      env: { REDIS_URL: 'https://eu1-cat-1.upstash.io', REDIS_TOKEN: 'AX+/=' },
      url: 'rediss://default:AX%2B%2F%3D@eu1-cat-1.upstash.io:6379',
      address: 'rediss://eu1-cat-1.upstash.io:6379',
    },
  ];

  test.each(cases)('is found from $what', ({ env, url, address }) => {
    expect(parseEnvironment({ ...inTest, ...env }).redis).toEqual({ kind: 'redis', url, address });
  });

  test('is a Cluster where its nodes are named, with what every node wants to know', () => {
    const env = { REDIS_CLUSTER: 'c1:7000, c2,[::1]:7001', REDIS_USERNAME: 'app', REDIS_PASSWORD: 'p@ss' };
    expect(parseEnvironment({ ...inTest, ...env, REDIS_TLS: 'true' }).redis).toEqual({
      kind: 'cluster',
      option: {
        kind: 'cluster',
        nodes: [
          { host: 'c1', port: 7000 },
          { host: 'c2', port: 6379 },
          { host: '::1', port: 7001 },
        ],
        username: 'app',
        password: 'p@ss',
        tls: {},
      },
      address: 'c1:7000, c2:6379, ::1:7001',
    });
  });

  test.each([
    [{ REDIS_CLUSTER: 'c1:99999999' }, 'REDIS_CLUSTER must be a comma list of host:port, got "c1:99999999"'],
    [
      { REDIS_CLUSTER: 'c1', REDIS_URL: 'redis://cache' },
      'REDIS_URL must be unset when REDIS_CLUSTER is set, got both',
    ],
  ])('refuses %j', (env, problem) => {
    expect(() => parseEnvironment({ ...inTest, ...env })).toThrow(problem);
  });

  test('gets the credentials as they were given, through the URL and the client', () => {
    const { redis } = parseEnvironment({
      ...inTest,
      REDIS_URL: 'https://x.upstash.io',
      REDIS_TOKEN: 'a:b@c/d%e+f=',
    });
    const client = new Redis(redis.kind === 'redis' ? redis.url : '', { lazyConnect: true });
    expect(client.options).toMatchObject({
      host: 'x.upstash.io',
      port: 6379,
      username: 'default',
      password: 'a:b@c/d%e+f=',
      tls: expect.anything(),
    });
  });

  test.each([
    [
      'http://x',
      {},
      'REDIS_URL must be a redis:// or rediss:// URL, or the https:// URL of Upstash together with REDIS_TOKEN, got a URL that starts with http://',
    ],
    [
      'secret-host:6379',
      {},
      'REDIS_URL must be a redis:// or rediss:// URL, or the https:// URL of Upstash together with REDIS_TOKEN, got a text without a scheme',
    ],
    ['https://x.upstash.io', {}, 'REDIS_TOKEN must be set when REDIS_URL is an https:// URL, got nothing'],
    ['redis:///0', {}, 'REDIS_URL must name a host, as in redis://127.0.0.1:6379'],
    [
      'redis://:one-secret@x',
      { REDIS_PASSWORD: 'other-secret' },
      'REDIS_PASSWORD must be unset when REDIS_URL holds a password, got both',
    ],
  ])('is refused at %s %j', (url, more, problem) => {
    const problems = problemsOf({ ...inTest, ...more, REDIS_URL: url });
    expect(problems).toEqual([problem]);
    expect(problems.join('\n')).not.toContain('secret');
  });
});

describe('Supabase (#33)', () => {
  test('is read in production', () => {
    expect(parseEnvironment({ NODE_ENV: 'production', ...supabase }).supabase).toEqual({
      kind: 'supabase',
      url: 'https://ref.supabase.co',
      serviceRoleKey: 'service-secret',
    });
  });

  test.each(['production', 'staging', 'Test', ''])('is required when NODE_ENV is %j', (nodeEnv) => {
    expect(problemsOf({ NODE_ENV: nodeEnv })).toHaveLength(2);
    expect(problemsOf({ NODE_ENV: nodeEnv, SUPABASE_URL: supabase.SUPABASE_URL })).toHaveLength(1);
    expect(problemsOf({ NODE_ENV: nodeEnv, ...supabase })).toEqual([]);
  });

  test('half of it is refused also in development', () => {
    expect(problemsOf({ NODE_ENV: 'development', SUPABASE_SERVICE_ROLE_KEY: 'k' })).toEqual([
      'SUPABASE_URL must be set when the other half of the Supabase settings is, got nothing',
    ]);
  });

  test('a URL whose reads may reach replicas is refused, as R1 assumes the primary', () => {
    expect(problemsOf({ ...supabase, SUPABASE_URL: 'https://ref-all.supabase.co' })).toEqual([
      'SUPABASE_URL must lead to the primary, got the load balancer ref-all.supabase.co; drop -all from the name',
    ]);
  });

  test.each(['ref.supabase.co', 'postgres://u:secret@h/db'])(
    'the URL %s is refused without being shown',
    (url) => {
      expect(problemsOf({ ...supabase, SUPABASE_URL: url })).toEqual([
        'SUPABASE_URL must be an http:// or https:// URL, got something else',
      ]);
    },
  );
});

describe('COPILOT_CONVERSATIONS_MODE (#4)', () => {
  test.each([
    ['memory', 'development', []],
    ['memory', 'test', []],
    ['supabase', 'production', []],
    [
      'memory',
      'production',
      [
        'COPILOT_CONVERSATIONS_MODE=memory needs NODE_ENV=development or test, got NODE_ENV=production; unset it, conversations in memory are gone with the process',
      ],
    ],
    ['ram', 'test', ['COPILOT_CONVERSATIONS_MODE must be memory or supabase, got "ram"']],
  ])('%s under NODE_ENV=%s', (mode, nodeEnv, problems) => {
    expect(problemsOf({ NODE_ENV: nodeEnv, ...supabase, COPILOT_CONVERSATIONS_MODE: mode })).toEqual(
      problems,
    );
  });
});
