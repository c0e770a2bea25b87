// `npm run takeover`: the takeover run from the command line. The only file of it that exits.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { collectRows, newSeed, readOptions } from '../command-line.ts';
import { describePlace, putReport } from '../chaos/report/document.ts';
import { parseTakeoverOptions, usage } from './options.ts';
import { markdown, rowLine, summarise, titleLine } from './report.ts';
import type { TakeoverRow } from './row.ts';
import { runTakeovers } from './takeover.ts';

const document = path.join(import.meta.dirname, '..', '..', 'docs', 'takeover.md');

const options = readOptions(usage, (args) => parseTakeoverOptions(args, newSeed));
const tell = options.isJson ? console.error : console.log;
tell(
  `seed ${options.seed}, B = ${options.boundMs} ms, rounds every ${options.roundEveryMs} ms\n${titleLine()}`,
);
const { rows, failure, isStopped } = await collectRows<TakeoverRow>({
  run: (hooks) => runTakeovers({ options, ...hooks }),
  rowLine,
  tell,
});
tell(`\n${summarise(rows, options)}`);
if (options.isJson) console.log(JSON.stringify({ options, rows }));
if (failure !== undefined) tell(`the run ended early: ${failure.stack}`);
else if (options.mustWrite) {
  const report = markdown(rows, options, describePlace());
  await writeFile(document, putReport(await readFile(document, 'utf8'), 'takeovers', report));
  tell('written to docs/takeover.md');
}
const isAsExpected = failure === undefined && rows.length > 0 && rows.every(({ isGood }) => isGood);
process.exit(isStopped ? 130 : isAsExpected ? 0 : 1);
