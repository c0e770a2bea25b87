import { describe, expect, it } from 'vitest';
import { parseOptions, usageOf } from './bench-options.ts';
import { measurements, summaries } from './measurements.ts';

const known = ['hit', 'miss', 'freshness'];

describe('the command line of the bench', () => {
  it('runs everything whole when nothing is said', () => {
    expect(parseOptions([], known)).toEqual({ only: [], isQuick: false, isReportOnly: false });
  });

  it('takes names with commas between them, or one by one', () => {
    expect(parseOptions(['--only', 'hit,miss'], known).only).toEqual(['hit', 'miss']);
    expect(parseOptions(['--only', 'hit', '--only', 'miss'], known).only).toEqual(['hit', 'miss']);
  });

  it('refuses a measurement that is not there, and says which are', () => {
    expect(() => parseOptions(['--only', 'hits'], known)).toThrow(
      '--only must name measurements, got "hits": choose from hit, miss, freshness',
    );
  });

  it('refuses what it does not know, and its usage names every option and every measurement', () => {
    expect(() => parseOptions(['--fast'], known)).toThrow(/--fast/);
    expect(Object.keys(summaries)).toEqual(measurements.map(({ name }) => name));
    const usage = usageOf(summaries);
    for (const word of ['--only', '--quick', '--report', ...Object.keys(summaries)]) {
      expect(usage).toContain(`  ${word} `);
    }
  });
});
