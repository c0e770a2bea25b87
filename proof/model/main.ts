// `npm run model`: the product as it is, then with each mechanism knocked out in turn. Fails when the product breaks a
// promise, or when a knock-out goes unnoticed.
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describeBaseline, describeFinding, formatReport } from './report.ts';
import { runSearch, searchKnockOuts } from './run-searches.ts';

const firstSeed = Number(process.argv.find((argument) => argument.startsWith('--seed='))?.slice(7) ?? 1);
const baselineSteps = 100_000;
const knockOutSteps = 50_000;
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
const results = await searchKnockOuts({
  maxSteps: knockOutSteps,
  processes,
  onResult: (one) => console.log(`${one.knockOut.name.padEnd(44)} ${describeFinding(one)}`),
});
if (process.argv.includes('--write')) {
  await writeFile(path.join(import.meta.dirname, '../../docs/model.md'), formatReport(baselines, results));
}
const isGood =
  baselines.every(({ found }) => found === undefined) &&
  results.every(({ knockOut, result }) => result.found !== undefined || knockOut.backedUpBy !== undefined);
process.exitCode = isGood ? 0 : 1;
