import { systemClock } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { createCache } from './cache.ts';
import {
  type CacheOptions,
  type RegionOptions,
  resolveCacheOptions,
  resolveRegionOptions,
} from './options.ts';

const least: RegionOptions<string> = { name: 'item', ttl: '5m', load: async () => null };

describe('the options of a cache', () => {
  it('may all be left out', () => {
    expect(resolveCacheOptions({})).toMatchObject({
      redis: undefined,
      engine: undefined,
      journal: undefined,
      keyPrefix: 'copilot',
      redisTimeoutMs: 100,
      clock: systemClock,
    });
  });

  it.each<[object, string, string]>([
    [
      { ttl: '5m' },
      'OPTION_UNKNOWN',
      'createCache has no option "ttl"; it has redis, engine, journal, keyPrefix, redisTimeout, instanceName, isAnnounced, logger, clock, random',
    ],
    ...['', 'a b', 'a*', 'a?', '[a', 'a]', 'a\\b', 'a'.repeat(101)].map(
      (keyPrefix): [object, string, string] => [
        { keyPrefix },
        'OPTION_INVALID',
        String.raw`keyPrefix must be at most 100 characters without spaces, "*", "?", "[", "]" and "\", got ${JSON.stringify(keyPrefix)}: the sidecar takes no other`,
      ],
    ),
    [
      { redisTimeout: '100' },
      'DURATION_INVALID',
      `redisTimeout must be a positive number of milliseconds or a string like '250ms', '2s' or '5m', got "100"`,
    ],
  ])('%j are refused', (options, code, message) => {
    expect(() => createCache(options as CacheOptions)).toThrow(expect.objectContaining({ code, message }));
  });

  it('let braces into the prefix of the keys, for Redis Cluster', () => {
    expect(resolveCacheOptions({ keyPrefix: '{copilot}' }).keyPrefix).toBe('{copilot}');
  });

  it('take the journal of the engine, unless another one is given', () => {
    const journal = { name: 'own' } as unknown as NonNullable<CacheOptions['journal']>;
    const engine = { journal: { name: 'engine' } } as unknown as NonNullable<CacheOptions['engine']>;
    expect(resolveCacheOptions({ engine }).journal).toBe(engine.journal);
    expect(resolveCacheOptions({ engine, journal }).journal).toBe(journal);
  });
});

describe('the options of a region', () => {
  it('have defaults for all but name, ttl and load', () => {
    expect(resolveRegionOptions(least)).toEqual({
      name: 'item',
      tables: [],
      namespace: 'main',
      ttlMs: 300_000,
      negativeTtlMs: 60_000,
      refreshAhead: undefined,
      maxEntries: 10_000,
      maxStalenessMs: 2_000,
      schema: undefined,
      load: least.load,
      loadMany: undefined,
      loadManySize: 500,
      loadTimeoutMs: 10_000,
      maxConcurrentLoads: 100,
      isEnabled: true,
    });
  });

  it('name one table or several', () => {
    expect(resolveRegionOptions({ ...least, table: 'public.item' }).tables).toEqual(['public.item']);
    const two = ['public.item', 'app."odd.name"'];
    expect(resolveRegionOptions({ ...least, table: two }).tables).toEqual(two);
  });

  it.each([0, 1, -0.5, 80, Number.NaN])('refuse to refresh ahead at %d of the TTL', (refreshAhead) => {
    expect(() => resolveRegionOptions({ ...least, refreshAhead })).toThrow(
      `refreshAhead must be a part of the TTL between 0 and 1, got ${refreshAhead}: try 0.8`,
    );
  });

  it('let "known absent" live no longer than a value', () => {
    expect(resolveRegionOptions({ ...least, ttl: '10s' }).negativeTtlMs).toBe(10_000);
    expect(resolveRegionOptions({ ...least, ttl: '10s', negativeTtl: '2s' }).negativeTtlMs).toBe(2_000);
  });

  it.each<[object, string, string]>([
    [{ ...least, name: '' }, 'OPTION_INVALID', 'name must be a name without spaces, got ""'],
    [
      { ...least, name: 'a\tb' },
      'OPTION_INVALID',
      String.raw`name must be a name without spaces, got "a\tb"`,
    ],
    [
      { ...least, namespace: 'UPPER' },
      'OPTION_INVALID',
      'namespace must be 1 to 32 of a-z, 0-9, "_", "-" and begin with a letter, got "UPPER": tidemark.track takes no other',
    ],
    [
      { ...least, load: undefined },
      'OPTION_INVALID',
      'load must be a function that reads the source, got undefined: give it beside loadMany, too',
    ],
    [
      { ...least, table: 'item' },
      'OPTION_INVALID',
      'table must be written schema.table, as the journal names it, got "item"; for example public.item',
    ],
    [
      { ...least, table: String.raw`public.back\slash` },
      'OPTION_INVALID',
      String.raw`table must have no backslash in its name, got "public.back\\slash": rename it, for the journal refuses such names`,
    ],
    [
      { ...least, table: ['public.item', '.x'] },
      'OPTION_INVALID',
      'table must be written schema.table, as the journal names it, got ".x"; for example public..x',
    ],
    [{ ...least, table: 5 }, 'OPTION_INVALID', 'table must be a text, got number: write schema.table'],
    [
      { ...least, loadMany: 5 },
      'OPTION_INVALID',
      'loadMany must be a function that reads many at once, got number',
    ],
    [
      { ...least, schema: 5 },
      'OPTION_INVALID',
      'schema must be a Standard Schema, as those of zod and valibot are, got number',
    ],
    [{ ...least, isEnabled: 'false' }, 'OPTION_INVALID', 'isEnabled must be true or false, got "false"'],
    [
      { ...least, maxEntries: 1e9 },
      'OPTION_INVALID',
      'maxEntries must be a whole number from 1 to 16777216, got 1000000000',
    ],
    [
      { ...least, maxEntries: 0 },
      'OPTION_INVALID',
      'maxEntries must be a whole number from 1 to 16777216, got 0',
    ],
    [
      { ...least, maxEntries: 1.5 },
      'OPTION_INVALID',
      'maxEntries must be a whole number from 1 to 16777216, got 1.5',
    ],
    [
      { ...least, loadManySize: -1 },
      'OPTION_INVALID',
      'loadManySize must be a whole number from 1 to 16777216, got -1',
    ],
    [
      { ...least, maxConcurrentLoads: Number.POSITIVE_INFINITY },
      'OPTION_INVALID',
      'maxConcurrentLoads must be a whole number from 1 to 16777216, got Infinity',
    ],
    ...(['ttl', 'negativeTtl', 'maxStaleness', 'loadTimeout'] as const).map(
      (name): [object, string, string] => [
        { ...least, [name]: -1 },
        'DURATION_INVALID',
        `${name} must be a positive number of milliseconds or a string like '250ms', '2s' or '5m', got -1`,
      ],
    ),
    [
      { ...least, maxStale: '2s' },
      'OPTION_UNKNOWN',
      'region has no option "maxStale"; it has name, table, namespace, ttl, negativeTtl, refreshAhead, maxEntries, maxStaleness, schema, load, loadMany, loadManySize, loadTimeout, maxConcurrentLoads, isEnabled',
    ],
  ])('%j are refused', (options, code, message) => {
    expect(() => resolveRegionOptions(options as RegionOptions<string>)).toThrow(
      expect.objectContaining({ code, message }),
    );
  });

  it('with a name under "tidemark:" are refused: a value could overwrite the head (R1)', () => {
    for (const name of ['tidemark', 'tidemark:main:head']) {
      expect(() => resolveRegionOptions({ ...least, name })).toThrow(
        expect.objectContaining({ code: 'OPTION_INVALID' }),
      );
    }
    expect(resolveRegionOptions({ ...least, name: 'tidemarks' }).name).toBe('tidemarks');
  });
});
