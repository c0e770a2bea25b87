// `npm run bench`: measures, prints, keeps the results and makes docs/benchmarks.md anew. The only file of the bench that
// exits. A missed target is a finding, not a failure.
import { systemClock } from '@tidemark/protocol';
import { type BenchOptions, parseOptions, usageOf } from './bench-options.ts';
import { measurements, summaries } from './measurements.ts';
import { describePlace } from './place.ts';
import { makeDocument } from './report/document.ts';
import { readResults, writeResults } from './report/results.ts';
import { sectionLines } from './report/terminal.ts';
import { writeDocument } from './report/write-document.ts';

const names = measurements.map(({ name }) => name);
const usage = usageOf(summaries);
const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(usage);
  process.exit(0);
}
const { only, isQuick, isReportOnly } = readOptions();
for (const measurement of isReportOnly ? [] : measurements) {
  const { name } = measurement;
  if (only.length > 0 && !only.includes(name)) continue;
  console.log(`\n== ${name}`);
  const place = await describePlace(systemClock);
  const findings = await measurement.run({ isQuick, tell: (line) => console.log(line) });
  for (const section of findings.sections) console.log(sectionLines(section));
  // Measurement by measurement: what one has found stays found when a later one fails.
  if (!isQuick) await writeResults({ measurement: name, place, ...findings });
}
if (!isQuick || isReportOnly) {
  await writeDocument(makeDocument(await readResults(names)));
  console.log('\nwritten to docs/benchmarks.md');
} else {
  console.log('\nquick: nothing is kept, and these figures mean nothing');
}
// Everything is closed. Left to itself, Node 24 sometimes turns for ever in its own clean-up after processes were killed.
process.exit();

function readOptions(): BenchOptions {
  try {
    return parseOptions(args, names);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}
