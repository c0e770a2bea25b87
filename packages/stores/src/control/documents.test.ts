// docs/cache-control.md, docs/environment.md and docs/stores.md say what the code does: their tables are compared with it,
// row by row.
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../../../sidecar/src/config/config.ts';
import { variables as sidecarVariables } from '../../../../sidecar/src/config/settings.ts';
import { describeControl, type CacheDescription } from './describe-control.ts';
import { parseEnvironment } from './environment.ts';
import { flagRules, killSwitch } from './flags.ts';
import { ttlRules } from './ttls.ts';

const root = path.resolve(import.meta.dirname, '../../../..');

function read(document: string): string {
  return readFileSync(path.join(root, document), 'utf8');
}

/** The rows of the first table under a heading, without its head. */
function rowsUnder(document: string, heading: string): readonly (readonly string[])[] {
  const section = read(document).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('|'));
  return rows.slice(2).map((line) =>
    line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

/** The rows of all tables under a heading, as they stand. */
function linesUnder(document: string, heading: string): readonly string[] {
  const section = read(document).split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  return section.split('\n').filter((line) => line.startsWith('|'));
}

function describeWith(variables: Record<string, string>): readonly CacheDescription[] {
  return describeControl(parseEnvironment({ NODE_ENV: 'test', ...variables }));
}

describe('docs/cache-control.md (#39)', () => {
  const document = 'docs/cache-control.md';
  const redis = { REDIS_URL: 'redis://cache:6379' };
  const allOn = Object.fromEntries(Object.values(flagRules).map(({ variable }) => [variable, 'on']));

  test('names all six with keys, switch, default and TTL', () => {
    const expected = describeWith({}).map((cache) => [
      cache.cache,
      cache.keys.map((key) => `\`${key}\``).join('<br>'),
      `\`${cache.flag}\``,
      cache.isOnByDefault ? 'on' : 'off',
      cache.ttlSeconds === undefined
        ? 'none'
        : `${cache.ttlSeconds}${cache.ttlVariable === undefined ? '' : ` (\`${cache.ttlVariable}\`)`}`,
    ]);
    expect(rowsUnder(document, 'The six')).toEqual(expected);
  });

  test('has the truth table of the switches', () => {
    const settings = ['unset', 'on', 'off'];
    const isOn = (flag: string, kill: string, own: string): string => {
      const given = {
        ...(kill !== 'unset' && { [killSwitch]: kill }),
        ...(own !== 'unset' && { [flag]: own }),
      };
      return describeWith(given).find((cache) => cache.flag === flag)?.isOn === true ? 'on' : 'off';
    };
    const expected = settings.flatMap((kill) =>
      settings.map((own) => [
        kill,
        own,
        isOn('ENABLE_LLM_POLICY_CACHE', kill, own),
        isOn('ENABLE_CONVERSATION_CACHING', kill, own),
      ]),
    );
    expect(rowsUnder(document, 'The switches').slice(0, expected.length)).toEqual(expected);
  });

  test('says where the work is done', () => {
    const withRedis = describeWith({ ...redis, ...allOn });
    const withoutRedis = describeWith(allOn);
    const off = describeWith({ ...redis, [killSwitch]: 'off' });
    const expected = withRedis.map(
      ({ cache, backend }, at) =>
        `| ${cache} | ${backend} | ${withoutRedis[at]?.backend} | ${off[at]?.backend} |`,
    );
    expect(linesUnder(document, 'The switches').slice(-expected.length)).toEqual(expected);
  });

  test('has a word on each of them when it comes to enabling it', () => {
    expect(rowsUnder(document, 'When to enable what').map(([cache]) => cache)).toEqual(
      describeWith({}).map(({ cache }) => cache),
    );
  });
});

describe('docs/stores.md (#39)', () => {
  test('has the keys, the TTL and the default of each store that is cached', () => {
    const stores = rowsUnder('docs/stores.md', 'Which are cached');
    const cached = stores.filter(([, , , , isCached]) => isCached !== 'never');
    const expected = describeWith({}).slice(0, cached.length);
    expect(cached.map(([store = '', , ...rest]) => [/^\[(.+)\]/.exec(store)?.[1], ...rest])).toEqual(
      expected.map(({ cache, keys, ttlSeconds, isOnByDefault }) => [
        cache,
        keys.map((key) => `\`${key}\``).join('<br>'),
        String(ttlSeconds),
        isOnByDefault ? 'yes' : 'no',
      ]),
    );
  });
});

/** The `NAME=value` spans of a cell. */
function assignmentsOf(cell: string): Record<string, string> {
  return Object.fromEntries(
    [...cell.matchAll(/`([A-Z_]+)=([^`]*)`/g)].map(([, name = '', value = '']) => [name, value]),
  );
}

function problemsOf(run: () => unknown): readonly string[] {
  try {
    run();
    return [];
  } catch (error) {
    return (error as { problems: readonly string[] }).problems;
  }
}

/** Which variables are asked for, over environments that take every turn. */
function variablesAskedFor(): readonly string[] {
  const asked = new Set<string>();
  const environments = [{}, { REDIS_URL: 'https://x.upstash.io' }, { REDIS_URL: 'redis://x' }];
  for (const given of environments) {
    const environment = new Proxy<Record<string, string | undefined>>(given, {
      get: (variables, name) => {
        asked.add(String(name));
        return variables[String(name)];
      },
    });
    problemsOf(() => parseEnvironment(environment));
  }
  return [...asked].toSorted();
}

/** The one file of settings that there is. */
function readText(file: string): string {
  if (file === 'tidemark.yaml') return 'logLevel: info\n';
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}

describe('docs/environment.md (#39)', () => {
  const document = 'docs/environment.md';
  const parts = [
    {
      heading: 'App instances',
      variables: variablesAskedFor(),
      run: (given: Record<string, string>) => parseEnvironment({ NODE_ENV: 'test', ...given }),
    },
    {
      heading: 'Sidecar',
      variables: sidecarVariables.toSorted(),
      run: (given: Record<string, string>) => {
        const required = {
          SUPABASE_URL: 'https://abc.supabase.co',
          SUPABASE_SERVICE_ROLE_KEY: 'sb_secret_x',
          REDIS_URL: 'redis://cache:6379',
        };
        return resolveConfig({ args: [], env: { ...required, ...given }, readText });
      },
    },
  ];

  describe.each(parts)('$heading', ({ heading, variables, run }) => {
    const rows = rowsUnder(document, heading).map(([variable = '', , example = '', mistake = '']) => ({
      variable: variable.replaceAll('`', ''),
      example,
      mistake,
    }));

    test('lists every variable that is read, and no other', () => {
      expect(rows.map(({ variable }) => variable).toSorted()).toEqual(variables);
    });

    test.each(rows)('$variable: the example is accepted, the mistake refused in these words', (row) => {
      const example = assignmentsOf(row.example);
      if (!row.example.startsWith('never')) expect(Object.keys(example)).toContain(row.variable);
      expect(problemsOf(() => run(example))).toEqual([]);
      const [, says] = /`: (.+)$/.exec(row.mistake) ?? [];
      expect(problemsOf(() => run(assignmentsOf(row.mistake)))).toEqual([says]);
    });
  });

  test('has the defaults of the switches and the TTLs', () => {
    const defaults = Object.fromEntries(
      rowsUnder(document, 'App instances').map(([variable = '', value]) => [
        variable.replaceAll('`', ''),
        value,
      ]),
    );
    expect(defaults[killSwitch]).toBe('on');
    for (const { variable, isOnByDefault } of Object.values(flagRules)) {
      expect(defaults[variable]).toBe(isOnByDefault ? 'on' : 'off');
    }
    for (const { variable, defaultSeconds } of Object.values(ttlRules)) {
      expect(defaults[variable]).toBe(String(defaultSeconds));
    }
  });

  test('names whatever else any code here reads from its environment', () => {
    const sources = globSync('{packages/*/src,sidecar/src,examples/*/src,scripts}/**/*.{ts,mjs}', {
      cwd: root,
    });
    const isRead = /process\.env(?:\.|\[')([A-Z_]+)|(?<!\w)(TIDEMARK_[A-Z_]+)(?!\w)/g;
    const found = sources
      .filter((file) => !/\.test\.ts$|[\\/](?:dist|testing|node_modules)[\\/]/.test(file))
      .flatMap((file) => [...read(file).matchAll(isRead)].map(([, read, named]) => read ?? named));
    expect(found.length).toBeGreaterThan(10);
    // The search path is the system's own.
    const missing = [...new Set(found)].filter(
      (name) => name !== 'PATH' && !read(document).includes(`\`${name}\``),
    );
    expect(missing).toEqual([]);
  });
});
