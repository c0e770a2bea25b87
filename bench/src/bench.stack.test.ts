// Every measurement runs, quickly: what comes out is whole, whatever the figures are. No timing is asserted.
import { describe, expect, it } from 'vitest';
import { isMet } from './measurement.ts';
import { measurements } from './measurements.ts';
import { makeDocument } from './report/document.ts';
import { sectionLines } from './report/terminal.ts';

describe.each(measurements)('the measurement "$name", quickly', (measurement) => {
  it('finds a figure for every target, a cell for every column and a value for every plot', async () => {
    const { sections, versions } = await measurement.run({ isQuick: true, tell: () => {} });
    expect(sections.length).toBeGreaterThan(0);
    for (const { table, targets } of sections) {
      for (const row of table.rows) expect(row).toHaveLength(table.columns.length);
      for (const { measured } of targets) expect(measured).toSatisfy(Number.isFinite);
    }
    const texts = makeDocument([{ measurement: measurement.name, place, sections, versions }]);
    for (const text of texts.values()) expect(text).not.toMatch(/NaN|Infinity|undefined|∞/);
    const printed = sections.map(sectionLines).join('\n');
    for (const target of sections.flatMap((section) => section.targets)) {
      expect(printed).toContain(`${isMet(target) ? 'met   ' : 'MISSED'} ${target.what}`);
    }
  });
});

const place = {
  at: 'now',
  processor: 'this one',
  cores: 1,
  memoryGiB: 1,
  system: 'this one',
  node: process.versions.node,
  v8: process.versions.v8,
  loadAverage: 0,
  commit: 'none',
};
