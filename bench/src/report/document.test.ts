import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Section } from '../measurement.ts';
import { measurements } from '../measurements.ts';
import { makeDocument } from './document.ts';
import { readResults, type Results } from './results.ts';
import { docsFolder } from './write-document.ts';

const section: Section = {
  title: 'A synchronous hit',
  about: ['One key after the other.'],
  table: {
    columns: [{ title: 'read' }, { title: 'median', unit: 'ns' }],
    rows: [
      ['peek', 51.26],
      ['a peer', null],
    ],
  },
  plots: [
    {
      kind: 'bars',
      title: 'Hits',
      unit: 'ns',
      bars: [{ label: 'a <b> & "c"', value: 51, spread: [40, 60] }],
    },
    {
      kind: 'lines',
      title: 'Growth',
      x: { title: 'instances', isLogarithmic: true },
      y: { title: 'ms' },
      series: [
        {
          name: 'lag',
          points: [
            [1, 2],
            [10, 3],
            [100, 4],
          ],
          isOwn: true,
        },
      ],
    },
  ],
  targets: [
    { what: 'a lone peek', unit: '×', measured: 1.25, limit: { atMost: 1.3 } },
    { what: 'commands in one trip', unit: '', measured: 9, limit: { atLeast: 10 } },
  ],
  causes: ['The clock.'],
  peerWins: ['A peer is faster.'],
  notMeasured: ['Anything else.'],
};

const results: Results = {
  measurement: 'hit',
  place: {
    at: '2026-01-01 00:00 UTC',
    processor: 'a processor',
    cores: 2,
    memoryGiB: 8,
    system: 'Linux',
    node: '24.0.0',
    v8: '13',
    loadAverage: 0.1,
    commit: 'abc',
  },
  versions: { 'a peer': '1.2.3' },
  sections: [section],
};

describe('the document', () => {
  const files = makeDocument([results]);
  const text = files.get('benchmarks.md') ?? '';

  it('says first of every target whether it is met, with both figures', () => {
    expect(text).toContain('1 of 2 are met.');
    expect(text).toContain(
      '| a lone peek | at most 1.30× | 1.25× | met | [A synchronous hit](#a-synchronous-hit) |',
    );
    expect(text).toContain('| commands in one trip | at least 10 | 9 | **missed** |');
  });

  it('says where the rest goes while a target of the section is missed, and not when all are met', () => {
    expect(text).toContain('**Where the rest goes.**\n\n- The clock.\n');
    const met = makeDocument([{ ...results, sections: [{ ...section, targets: [] }] }]);
    expect(met.get('benchmarks.md')).not.toContain('Where the rest goes');
  });

  it('says where a peer wins and what is not measured', () => {
    expect(text).toContain('**Where a peer wins.**\n\n- A peer is faster.\n');
    expect(text).toContain('**Not measured.**\n\n- Anything else.\n');
  });

  it('shows every plot, as a picture of its own that is well-formed and can be read on light and on dark', () => {
    expect(text).toContain('![Hits](benchmarks/hit-1.svg)');
    expect(text).toContain('![Growth](benchmarks/hit-2.svg)');
    const bars = files.get('benchmarks/hit-1.svg') ?? '';
    expect(bars).toContain('a &lt;b> &amp; &quot;c&quot;');
    for (const picture of [bars, files.get('benchmarks/hit-2.svg') ?? '']) {
      expect(picture).toContain('prefers-color-scheme: dark');
      expect(picture).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  it('says where it ran, and the versions', () => {
    expect(text).toContain(
      '| hit | 2026-01-01 00:00 UTC | a processor | 2 | 8 | Linux | 24.0.0 | 0.1 | abc |',
    );
    expect(text).toContain('| a peer | 1.2.3 |');
  });
});

describe('docs/benchmarks.md', () => {
  it('is what the kept results make of it, and so are its pictures: nobody has edited them', async () => {
    const made = makeDocument(await readResults(measurements.map(({ name }) => name)));
    for (const [file, text] of made) expect(readFileSync(path.join(docsFolder, file), 'utf8')).toBe(text);
  });
});
