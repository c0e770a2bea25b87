import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostile, table, text } from '../testing/arbitraries.ts';
import { formatWatch, parseWatch, toWatch, type WatchDocument, type WatchedTable } from './watch.ts';

const watched: fc.Arbitrary<WatchedTable> = fc
  .tuple(text, fc.array(text, { maxLength: 3 }), fc.option(text), fc.option(text), fc.boolean(), fc.boolean())
  .map(([namespace, prefixes, problem, key, isBestEffort, isQuiet]) => ({
    namespace,
    prefixes,
    problem,
    ...(key === null ? {} : { key }),
    ...(isBestEffort ? { isBestEffort } : {}),
    ...(isQuiet ? { isQuiet } : {}),
  }));

const watch: fc.Arbitrary<WatchDocument> = fc.record({
  hash: text,
  roundEveryMs: fc.integer({ min: 1, max: 10_000 }),
  tables: fc
    .uniqueArray(fc.tuple(table, watched), { maxLength: 4, selector: ([name]) => name })
    .map((entries) => new Map(entries)),
  namespaces: fc.array(text, { maxLength: 4 }),
});

describe('a watch', () => {
  it('comes back from its text as it was', () => {
    fc.assert(
      fc.property(watch, (one) => {
        expect(parseWatch(formatWatch(one))).toEqual(one);
      }),
    );
  });

  it.each<[string, readonly string[] | undefined]>([
    ['{"hash":"h","roundEveryMs":1,"tables":{}}', undefined],
    ['{"hash":"h","roundEveryMs":1,"tables":{},"namespaces":"main"}', undefined],
    ['{"hash":"h","roundEveryMs":1,"tables":{},"namespaces":[1,"main",null]}', ['main']],
  ])('%s names the namespaces %j', (message, namespaces) => {
    expect(parseWatch(message)?.namespaces).toEqual(namespaces);
  });

  it('names 64 namespaces at most: each costs whoever stands by a look per period', () => {
    const namespaces = Array.from({ length: 100 }, (_, index) => `n${index}`);
    const message = formatWatch({ hash: 'h', roundEveryMs: 1, tables: new Map(), namespaces });
    expect(parseWatch(message)?.namespaces).toHaveLength(64);
  });

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"hash":"h","roundEveryMs":100}',
    '{"hash":1,"roundEveryMs":100,"tables":{}}',
    '{"hash":"h","roundEveryMs":"100","tables":{}}',
    '{"hash":"h","roundEveryMs":100,"tables":[]}',
    '{"hash":"h","roundEveryMs":100,"tables":{"t":null}}',
    '{"hash":"h","roundEveryMs":100,"tables":{"t":{"prefixes":[]}}}',
    '{"hash":"h","roundEveryMs":100,"tables":{"t":{"namespace":"main"}}}',
  ])('%s is none: without one no region gets a lease (R1)', (document) => {
    expect(parseWatch(document)).toBeUndefined();
  });

  it('in which one table cannot be read is none: what is left could pass for the whole (R1)', () => {
    const good = { namespace: 'main', prefixes: ['p'], problem: null };
    expect(toWatch({ a: good, b: { namespace: 'main' } })).toBeUndefined();
  });

  it('no text and no value makes the parser throw', () => {
    fc.assert(
      fc.property(hostile(watch.map(formatWatch)), fc.anything(), (document, value) => {
        expect([undefined, 'object']).toContain(parseWatch(document) && 'object');
        const tables = toWatch(value);
        expect(tables === undefined || tables instanceof Map).toBe(true);
      }),
    );
  });
});
