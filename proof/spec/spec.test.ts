// What docs/SPEC.md names is there: files, tests, and the guards of `npm run mutate`, which then tells whether a test
// misses its guard.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { mutate } from './mutation.ts';
import { mutations } from './mutations.ts';
import { mutationTables, withMutations } from './mutations-table.ts';
import { readRows, root } from './spec-page.ts';

const invariants = readRows().filter(([first = '']) => /^I\d+ [A-Z]/.test(first));

function read(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

/** As the source has it: in quotes, an apostrophe may be escaped. */
function hasTest(source: string, name: string): boolean {
  return source.includes(name) || source.includes(name.replaceAll("'", String.raw`\'`));
}

describe('every invariant', () => {
  test('names a file that keeps it and a test that proves it', () => {
    expect(invariants.length).toBeGreaterThanOrEqual(29);
    for (const [name, , keeper = '', proof = ''] of invariants) {
      expect(existsSync(path.join(root, keeper)), `${keeper} of ${name}`).toBe(true);
      expect(proof, name).toMatch(/\.test\.ts$/);
      expect(existsSync(path.join(root, proof)), `${proof} of ${name}`).toBe(true);
    }
  });

  test('has a guard in the file that keeps it, which the test that proves it misses', () => {
    for (const [name = '', , keeper, proof] of invariants) {
      const own = mutations.filter(({ keeps }) => name.startsWith(`${keeps} `));
      expect(
        own.some(({ file, test: { file: testFile } }) => file === keeper && testFile === proof),
        name,
      ).toBe(true);
    }
  });
});

describe('every mutation', () => {
  test.each(mutations)('for $keeps in $file finds its guard and its test', (mutation) => {
    expect(mutate(read(mutation.file), mutation)).not.toBe(read(mutation.file));
    const { file, name, suite = file } = mutation.test;
    expect(hasTest(read(suite), name), name).toBe(true);
    expect(existsSync(path.join(root, file)), file).toBe(true);
  });

  test.each(mutationTables)('stands in its table: $page', (table) => {
    const page = read(table.page);
    expect(withMutations(page, table), 'renew it with npm run mutate -- --write').toBe(page);
  });
});

test('every test that a table of transitions names is there', () => {
  const files = globSync('{packages,proof,supabase}/**/*.test.ts', {
    cwd: root,
    exclude: (name) => name.includes('node_modules'),
  });
  // Those of the mutations are looked up above, in the one file that is meant.
  const named = readRows().flatMap((cells) => {
    const match = /^([\w-]+(?:\.\w+)*\.test\.ts): (.+)$/.exec(cells.at(-1) ?? '');
    return match === null ? [] : [{ file: match[1] ?? '', name: match[2] ?? '' }];
  });
  expect(named.length).toBeGreaterThan(20);
  for (const { file, name } of named) {
    const candidates = files.filter((one) => path.basename(one) === file);
    expect(
      candidates.some((one) => hasTest(read(one), name)),
      `${file}: ${name}`,
    ).toBe(true);
  }
});
