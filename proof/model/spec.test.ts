// docs/SPEC.md names a file and a test for each invariant: both have to be there.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '../..');

test('every invariant of the specification names a file that keeps it and a test that proves it', () => {
  const lines = readFileSync(path.join(root, 'docs/SPEC.md'), 'utf8').split('\n');
  const rows = lines.filter((line) => /^\| I\d+ /.test(line));
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const [, , , keeper = '', proof = ''] = row.split('|').map((cell) => cell.trim().replaceAll('`', ''));
    expect(existsSync(path.join(root, keeper)), `${keeper} of ${row}`).toBe(true);
    expect(proof, row).toMatch(/\.test\.ts$/);
    expect(existsSync(path.join(root, proof)), `${proof} of ${row}`).toBe(true);
  }
});
