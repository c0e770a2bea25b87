// Which tests prove which row of docs/requirements.md: a test says so itself, by `(#12)` in its name or in that of its
// describe. `npm run requirements` writes the table from the report of the last whole `npm test`; that run fails when a
// row has no passing test, or when the table is not the one it would write.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const requirements = 'docs/requirements.md';
const table = 'docs/requirements-tests.md';

/** Of vitest's JSON reporter, as far as it is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

interface Proof {
  readonly file: string;
  readonly names: readonly string[];
  readonly hasPassed: boolean;
}

/** @returns the problems, one sentence each */
export function checkRequirements(reportFile: string): readonly string[] {
  const proofs = collect(reportFile);
  const problems = [...proofs]
    .filter(([, files]) => !files.some((file) => file.hasPassed))
    .map(([row]) => `row ${row} of ${requirements} has no passing test: name one with (#${row})`);
  if (readFileSync(table, 'utf8') !== draw(proofs)) {
    problems.push(`${table} is not what the tests say: run npm run requirements`);
  }
  return problems;
}

function collect(reportFile: string): ReadonlyMap<number, readonly Proof[]> {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  const rows = [...readFileSync(requirements, 'utf8').matchAll(/^\| (\d+) \|/gm)].map(([, row]) =>
    Number(row),
  );
  const files = report.testResults
    .map(({ name, assertionResults }) => ({ file: path.relative('.', name), tests: assertionResults }))
    .toSorted((one, other) => one.file.localeCompare(other.file, 'en'));
  return new Map(
    rows.map((row) => {
      const isProof = new RegExp(`\\((?:#\\d+, )*#${row}(?:, #\\d+)*\\)`);
      const proofs = files.map(({ file, tests }) => {
        const proving = tests.filter(({ fullName }) => isProof.test(fullName));
        return {
          file,
          names: proving.map(({ fullName }) => fullName),
          hasPassed: proving.some(({ status }) => status === 'passed'),
        };
      });
      return [row, proofs.filter(({ names }) => names.length > 0)];
    }),
  );
}

function draw(proofs: ReadonlyMap<number, readonly Proof[]>): string {
  const lines = [...proofs].map(([row, files]) => `| ${row} | ${files.map(describeProof).join('<br>')} |`);
  return `# Requirements and their tests

Written by \`npm run requirements\`; the rows are those of [requirements.md](requirements.md). Of each file the first of
the tests that name the row, and how many there are.

| # | tests |
|---|---|
${lines.join('\n')}
`;
}

function describeProof({ file, names }: Proof): string {
  const [first = ''] = names;
  const name = first.replaceAll(/ ?\((?:#\d+(?:, )?)+\)/g, '').replaceAll('|', '\\|');
  return `\`${file}\` (${names.length}): ${name}`;
}

if (import.meta.main) writeFileSync(table, draw(collect('.tidemark/vitest.json')));
