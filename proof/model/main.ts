// `npm run model`: the product as it is, then with each mechanism knocked out in turn. Fails when the product breaks a
// promise, or when a knock-out goes unnoticed.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { parseNumber, readOptions } from '../command-line.ts';
import { describeBaseline, describeFinding, formatReport } from './report.ts';
import { findProblems, type KnockOutResult, runSearch, searchKnockOuts } from './run-searches.ts';

const usage = `Usage: npm run model -- [options]

  --seed <number>  where the seeds begin; default 1
  --write          write the report to docs/model.md, and the seeds that npm test starts from
`;

const { firstSeed, mustWrite } = readOptions(usage, (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: { seed: { type: 'string', default: '1' }, write: { type: 'boolean', default: false } },
  });
  return { firstSeed: parseNumber('--seed', values.seed), mustWrite: values.write };
});
const baselineSteps = 1_000_000;
const knockOutSteps = 600_000;
const processes = 2;

console.log(`seeds from ${firstSeed}, ${processes} processes`);
const baselines = await Promise.all(
  Array.from({ length: processes }, (_, index) =>
    runSearch({
      knockOut: null,
      firstSeed: firstSeed + index * 1_000_000,
      maxSteps: baselineSteps,
      shortens: true,
    }),
  ),
);
console.log(`as it is: ${describeBaseline(baselines)}`);
for (const { found } of baselines) {
  if (found === undefined) continue;
  console.log(`  ${found.promise}, seed ${found.seed}: ${found.text}`);
  console.log(`  in ${JSON.stringify(found.scene)}`);
  for (const action of found.trace) console.log(`    ${action}`);
}
const searched = await searchKnockOuts({
  firstSeed: () => firstSeed,
  maxSteps: knockOutSteps,
  processes,
  onResult: (one) => console.log(`${one.knockOut.name.padEnd(44)} ${describeFinding(one)}`),
});
const { results } = searched;
const problems = findProblems(searched);
for (const problem of problems) console.log(problem);
if (mustWrite) {
  await writeFile(path.join(import.meta.dirname, '../../docs/model.md'), formatReport(baselines, results));
  await writeFile(path.join(import.meta.dirname, 'seeds.json'), formatSeeds(results));
}
const isGood = baselines.every(({ found }) => found === undefined) && problems.length === 0;
process.exitCode = isGood ? 0 : 1;

function formatSeeds(found: readonly KnockOutResult[]): string {
  const seeds = found.flatMap(({ knockOut, result }): [string, number][] => {
    const seed = result.found?.seed ?? null;
    return seed === null ? [] : [[knockOut.name, seed]];
  });
  return `${JSON.stringify(Object.fromEntries(seeds), null, 2)}\n`;
}
