import { RecordedLog } from '@tidemark/devstack/fakes';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeControl, logControl, type CacheDescription } from './describe-control.ts';
import { parseEnvironment } from './environment.ts';
import { flagRules, killSwitch } from './flags.ts';

const inTest = { NODE_ENV: 'test' };
const redis = { REDIS_URL: 'redis://cache:6379' };

function find(cache: string, variables: Record<string, string | undefined>): CacheDescription | undefined {
  return describeControl(parseEnvironment({ ...inTest, ...variables })).find(
    (description) => description.cache === cache,
  );
}

test('all six caches are described, each with its switch (#30)', () => {
  const descriptions = describeControl(parseEnvironment(inTest));
  expect(descriptions.map(({ cache }) => cache)).toEqual([
    'policy',
    'config',
    'conversation',
    'auth validation',
    'event hubs',
    'rate limiter',
  ]);
  expect(descriptions.map(({ flag }) => flag).toSorted()).toEqual(
    Object.values(flagRules)
      .map(({ variable }) => variable)
      .toSorted(),
  );
});

test('a description says what does the work, which setting decided, and what to set (#30, #31)', () => {
  expect(find('policy', { ...redis, POLICY_CACHE_TTL_SECONDS: '7' })).toEqual({
    cache: 'policy',
    keys: ['copilot:llm:policy:{tenantId}'],
    isOn: true,
    backend: 'L1 and L2',
    reason: 'ENABLE_LLM_POLICY_CACHE unset',
    flag: 'ENABLE_LLM_POLICY_CACHE',
    isOnByDefault: true,
    ttlSeconds: 7,
    ttlVariable: 'POLICY_CACHE_TTL_SECONDS',
  });
});

describe.each([
  ['policy', 'ENABLE_LLM_POLICY_CACHE', 'L1 and L2', 'L1', 'source'],
  ['config', 'ENABLE_CONVERSATION_CONFIG_CACHE', 'L1 and L2', 'L1', 'source'],
  ['conversation', 'ENABLE_CONVERSATION_CACHING', 'L1 and L2', 'L1', 'source'],
  ['auth validation', 'ENABLE_AUTH_VALIDATION_CACHE', 'L1 and L2', 'L1', 'source'],
  ['event hubs', 'ENABLE_REDIS_EVENT_HUBS', 'Redis', 'this process', 'this process'],
  ['rate limiter', 'ENABLE_RATE_LIMITER_REDIS', 'Redis', 'this process', 'this process'],
])('%s (#30)', (cache, flag, withRedis, withoutRedis, off) => {
  test('works where Redis and its switch let it', () => {
    expect(find(cache, { ...redis, [flag]: 'on' })).toMatchObject({ isOn: true, backend: withRedis });
    expect(find(cache, { [flag]: 'on' })).toMatchObject({
      isOn: true,
      backend: withoutRedis,
      reason: `${flag}=true, REDIS_URL unset`,
    });
    expect(find(cache, { ...redis, [flag]: 'off' })).toMatchObject({
      isOn: false,
      backend: off,
      reason: `${flag}=false`,
    });
  });
});

describe('the truth table of all switches together (#30)', () => {
  const variables = [killSwitch, ...Object.values(flagRules).map(({ variable }) => variable)];
  const words = { on: ['true', '1', 'yes', 'on'], off: ['false', '0', 'no', 'off'] };
  const word = (list: readonly string[]): fc.Arbitrary<string> =>
    fc.constantFrom(...list).chain((text) => fc.constantFrom(text, text.toUpperCase(), ` ${text} `));
  const setting = fc.oneof(fc.constantFrom(undefined, '', '  '), word(words.on), word(words.off));
  const settings = fc.record(Object.fromEntries(variables.map((variable) => [variable, setting])));
  const meaningOf = (text: string | undefined): boolean | undefined => {
    const bare = text?.trim().toLowerCase() ?? '';
    return bare === '' ? undefined : words.on.includes(bare);
  };

  test('each cache is on exactly when the kill switch is not off and its own switch, or its default, says so', () => {
    fc.assert(
      fc.property(settings, fc.boolean(), (given, hasRedis) => {
        const environment = parseEnvironment({ ...inTest, ...(hasRedis ? redis : {}), ...given });
        const isKilled = meaningOf(given[killSwitch]) === false;
        for (const { flag, isOn, isOnByDefault, backend, reason } of describeControl(environment)) {
          expect(isOn).toBe(!isKilled && (meaningOf(given[flag]) ?? isOnByDefault));
          if (isKilled) expect(reason).toBe('ENABLE_REDIS_CACHING=false');
          if (!isOn || !hasRedis) expect(['source', 'L1', 'this process']).toContain(backend);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('every wrong setting is reported, whatever the others say', () => {
    const wrong = fc.constantFrom('maybe', '2', 'enabled', 'true!');
    const mixed = fc.record(Object.fromEntries(variables.map((name) => [name, fc.oneof(setting, wrong)])));
    fc.assert(
      fc.property(mixed, (given) => {
        const expected = variables.filter((name) => {
          const bare = given[name]?.trim().toLowerCase() ?? '';
          return bare !== '' && ![...words.on, ...words.off].includes(bare);
        });
        let problems: readonly string[] = [];
        try {
          parseEnvironment({ ...inTest, ...given });
        } catch (error) {
          ({ problems } = error as { problems: readonly string[] });
        }
        expect(problems.map((problem) => problem.split(' ')[0])).toEqual(expected);
      }),
    );
  });
});

describe('the log at start', () => {
  test('has a line for each cache, and no credential (#32, #40)', () => {
    const log = new RecordedLog();
    const secrets = { SUPABASE_URL: 'https://ref.supabase.co', SUPABASE_SERVICE_ROLE_KEY: 'service-secret' };
    logControl(parseEnvironment({ ...secrets, REDIS_URL: 'redis://u:redis-secret@cache:6379' }), log);
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'info policy: on, L1 and L2',
      'info config: on, L1 and L2',
      'info conversation: off, source',
      'info auth validation: on, L1 and L2',
      'info event hubs: on, Redis',
      'info rate limiter: on, Redis',
      'info Redis is used',
    ]);
    expect(log.lines.at(-1)?.fields).toMatchObject({ address: 'redis://cache:6379' });
    expect(JSON.stringify(log.lines)).not.toContain('secret');
  });

  test('says once that there is no Redis (#32)', () => {
    const log = new RecordedLog();
    logControl(parseEnvironment(inTest), log);
    const about = log.lines.filter(({ message }) => message.includes('REDIS_URL'));
    expect(about.map(({ message }) => message)).toEqual([
      'REDIS_URL is unset: no L2, each instance reads the source',
    ]);
  });
});
