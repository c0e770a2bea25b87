// `npm run chaos`: the fault run from the command line. The only file of it that exits.
import { collectRows, newSeed, readOptions } from '../command-line.ts';
import { parseOptions, usage } from './options.ts';
import { runChaos } from './chaos.ts';
import { fetchLibfaketime } from './parts/libfaketime.ts';
import { explainBackwards, rowLine, summarise, titleLine } from './report/report.ts';
import { writeDocument } from './report/document.ts';
import type { Row } from './row.ts';

const options = readOptions(usage, (args) => parseOptions(args, newSeed));
const tell = options.isJson ? console.error : console.log;
tell(`seed ${options.seed}, B = ${options.boundMs} ms, ${options.contestant}\n${titleLine()}`);
const noFaketime = await fetchLibfaketime();
if (noFaketime !== undefined) tell(`libfaketime can't be had: ${noFaketime}`);
const { rows, failure, isStopped } = await collectRows<Row>({
  run: (hooks) =>
    runChaos({
      options,
      ...hooks,
      onSkip: (fault, reason) => tell(`skipped: ${fault.name}: ${reason}`),
    }),
  rowLine,
  tell,
});
const summary = summarise(rows, options);
tell(`\nwent back in time: ${explainBackwards(rows)}\n${summary.sentence}`);
if (options.isJson) console.log(JSON.stringify({ options, rows, summary }));
if (failure !== undefined) tell(`the run ended early: ${failure.stack}`);
else if (options.mustWrite) tell(`written to ${await writeDocument(rows, options)}`);
const isAsExpected =
  options.contestant === 'naive' ? summary.wrongRows > rows.length / 2 : summary.wrongRows === 0;
const isComplete = failure === undefined && rows.length > 0;
process.exit(isStopped ? 130 : isComplete && isAsExpected ? 0 : 1);
