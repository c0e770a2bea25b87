// `npm run takeover`: the takeover run from the command line. The only file of it that hears signals and exits.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describePlace, putReport } from '../chaos/report/document.ts';
import { parseTakeoverOptions, type TakeoverOptions, usage } from './options.ts';
import { markdown, rowLine, summarise, titleLine } from './report.ts';
import type { TakeoverRow } from './row.ts';
import { runTakeovers } from './takeover.ts';

const document = path.join(import.meta.dirname, '..', '..', 'docs', 'takeover.md');

const args = process.argv.slice(2);
if (args.includes('--help')) {
  console.log(usage);
  process.exit(0);
}
const options = readOptions();
const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stopping.abort());

const tell = options.isJson ? console.error : console.log;
tell(
  `seed ${options.seed}, B = ${options.boundMs} ms, rounds every ${options.roundEveryMs} ms\n${titleLine()}`,
);
const rows: TakeoverRow[] = [];
const failure = await runTakeovers({
  options,
  signal: stopping.signal,
  onRow(row) {
    rows.push(row);
    tell(rowLine(row));
    for (const example of row.isGood ? [] : row.examples) tell(`        ${example}`);
  },
}).then(
  () => undefined,
  // What was judged until then is told all the same.
  (error: unknown) => (error instanceof Error ? error : new Error(String(error))),
);
tell(`\n${summarise(rows, options)}`);
if (options.isJson) console.log(JSON.stringify({ options, rows }));
if (failure !== undefined) tell(`the run ended early: ${failure.stack}`);
else if (options.mustWrite) {
  const report = markdown(rows, options, describePlace());
  await writeFile(document, putReport(await readFile(document, 'utf8'), 'takeovers', report));
  tell('written to docs/takeover.md');
}
const isAsExpected = failure === undefined && rows.length > 0 && rows.every(({ isGood }) => isGood);
process.exit(stopping.signal.aborted ? 130 : isAsExpected ? 0 : 1);

function readOptions(): TakeoverOptions {
  try {
    return parseTakeoverOptions(args, () => Math.floor(Math.random() * 1_000_000));
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return process.exit(2);
  }
}
