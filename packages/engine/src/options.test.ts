import { describe, expect, test } from 'vitest';
import { createEngine } from './engine.ts';
import { type EngineOptions, resolveOptions } from './options.ts';
import { ScriptedJournal } from './testing/scripted-journal.ts';

const journal = new ScriptedJournal();

function codeOf(options: EngineOptions): unknown {
  try {
    resolveOptions(options);
  } catch (error) {
    return (error as { code?: string }).code;
  }
  return 'accepted';
}

describe('the options of an engine', () => {
  test('have defaults in milliseconds', () => {
    const resolved = resolveOptions({ journal });
    expect(resolved).toMatchObject({
      roundEveryMs: 250,
      readTimeoutMs: 2_000,
      pruneEveryMs: 300_000,
      hints: [],
      bestEffort: undefined,
    });
    expect(createEngine({ journal, roundEvery: '1s' }).roundEveryMs).toBe(1_000);
  });

  test('may be durations in words or in milliseconds', () => {
    const resolved = resolveOptions({ journal, roundEvery: 100, readTimeout: '1.5s', pruneEvery: '1h' });
    expect(resolved).toMatchObject({ roundEveryMs: 100, readTimeoutMs: 1_500, pruneEveryMs: 3_600_000 });
  });

  test.each(['roundEvery', 'readTimeout', 'pruneEvery'] as const)(
    'refuse a %s that is no positive duration, and name it',
    (name) => {
      for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 'soon' as '1s']) {
        expect(codeOf({ journal, [name]: value })).toBe('DURATION_INVALID');
        expect(() => resolveOptions({ journal, [name]: value })).toThrow(name);
      }
    },
  );

  test('refuse a name that is not known, and list the ones that are', () => {
    const options = { journal, roundsEvery: '1s' } as EngineOptions;
    expect(codeOf(options)).toBe('OPTION_UNKNOWN');
    expect(() => createEngine(options)).toThrow(/"roundsEvery".*roundEvery/);
  });
});
