// `npm run chaos`: the fault run from the command line. The only file of it that hears signals and exits.
import { type ChaosOptions, parseOptions, usage } from './options.ts';
import { runChaos } from './chaos.ts';
import { fetchLibfaketime } from './parts/libfaketime.ts';
import { explainBackwards, rowLine, summarise, titleLine } from './report/report.ts';
import { writeDocument } from './report/document.ts';
import type { Row } from './row.ts';

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(usage);
  process.exit(0);
}
const options = readOptions();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());

const tell = options.isJson ? console.error : console.log;
tell(`seed ${options.seed}, B = ${options.boundMs} ms, ${options.contestant}\n${titleLine()}`);
const noFaketime = await fetchLibfaketime();
if (noFaketime !== undefined) tell(`libfaketime can't be had: ${noFaketime}`);
const rows: Row[] = [];
const failure = await runChaos({
  options,
  signal: stopping.signal,
  onRow(row) {
    rows.push(row);
    tell(rowLine(row));
    for (const example of row.isGood ? [] : row.examples) tell(`        ${example}`);
  },
  onSkip: (fault, reason) => tell(`skipped: ${fault.name}: ${reason}`),
}).then(
  () => undefined,
  // What was judged until then is told all the same.
  (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
);
const summary = summarise(rows, options);
tell(`\nwent back in time: ${explainBackwards(rows)}\n${summary.sentence}`);
if (options.isJson) console.log(JSON.stringify({ options, rows, summary }));
if (failure !== undefined) tell(`the run ended early: ${failure.stack}`);
else if (options.mustWrite) tell(`written to ${await writeDocument(rows, options)}`);
const isAsExpected =
  options.contestant === 'naive' ? summary.wrongRows > rows.length / 2 : summary.wrongRows === 0;
const isComplete = failure === undefined && rows.length > 0;
process.exit(stopping.signal.aborted ? 130 : isComplete && isAsExpected ? 0 : 1);

function readOptions(): ChaosOptions {
  try {
    return parseOptions(args, () => Math.floor(Math.random() * 1_000_000));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}
