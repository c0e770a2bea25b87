// docs/benchmarks.md and its pictures, made from the results that are kept. What is written here by hand is only what is
// true of every run. Pure.
import { isMet, type Plot, type Section, type Table, type Target } from '../measurement.ts';
import { drawBars } from './bar-plot.ts';
import { drawLines } from './line-plot.ts';
import { quantityText } from './number-text.ts';
import type { Results } from './results.ts';
import { cellText, isFigures, limitText } from './terminal.ts';

/** By path, from docs. */
export type Files = ReadonlyMap<string, string>;

export function makeDocument(all: readonly Results[]): Files {
  const files = new Map<string, string>();
  const sections = all.flatMap((results) => {
    let count = 0;
    return results.sections.flatMap((section) =>
      sectionText(section, (plot) => {
        count += 1;
        const file = `benchmarks/${results.measurement}-${count}.svg`;
        files.set(file, plot.kind === 'bars' ? drawBars(plot) : drawLines(plot));
        return file;
      }),
    );
  });
  const text = [
    ...opening,
    ...targetsText(all),
    ...sections,
    ...placesText(all),
    ...versionsText(all),
    ...howToRun,
  ].join('\n');
  files.set('benchmarks.md', text);
  return files;
}

const opening = [
  '# Benchmarks',
  '',
  '<!-- Made by `npm run bench` from bench/results; a test compares the two. Change bench/src, not this page. -->',
  '',
  'What coherence costs, beside libraries that do without it and beside the bare parts; and what those libraries do when a',
  'message is lost. What is timed is a median of many rounds; in each round every contestant runs once, one after the',
  'other, on one machine. So a ratio means something anywhere, a figure in nanoseconds only here. In the plots Tidemark is',
  'blue, and half of all rounds lie within the thin line.',
  '',
];

function targetsText(all: readonly Results[]): readonly string[] {
  const rows = all.flatMap(({ sections }) =>
    sections.flatMap(({ title, targets }) => targets.map((target) => targetRow(title, target))),
  );
  const met = all.flatMap(({ sections }) => sections.flatMap(({ targets }) => targets.filter(isMet)));
  return [
    '## Targets',
    '',
    `${met.length} of ${rows.length} are met.`,
    '',
    '| target | aimed at | measured | | section |',
    '| --- | --: | --: | --- | --- |',
    ...rows,
    '',
  ];
}

function targetRow(section: string, target: Target): string {
  const measured = quantityText(target.measured, target.unit);
  const verdict = isMet(target) ? 'met' : '**missed**';
  return `| ${target.what} | ${limitText(target)} | ${measured} | ${verdict} | [${section}](#${anchorOf(section)}) |`;
}

/** As GitHub makes them of headings. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}

function sectionText(section: Section, keep: (plot: Plot) => string): readonly string[] {
  const { title, about, plots, table, targets, causes = [], peerWins, notMeasured } = section;
  return [
    `## ${title}`,
    '',
    ...about.flatMap((paragraph) => [paragraph, '']),
    ...plots.flatMap((plot) => [`![${plot.title}](${keep(plot)})`, '']),
    ...tableText(table),
    ...list('Where the rest goes', targets.every(isMet) ? [] : causes),
    ...list('Where a peer wins', peerWins),
    ...list('Not measured', notMeasured),
  ];
}

function tableText(table: Table): readonly string[] {
  const { columns, rows } = table;
  if (columns.length === 0) return [];
  const titles = columns.map(({ title, unit }) => (unit === undefined ? title : `${title}, ${unit}`));
  const sides = columns.map((_, column) => (isFigures(table, column) ? '--:' : '---'));
  return [titles, sides, ...rows.map((row) => row.map(cellText))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .concat('');
}

function list(title: string, sentences: readonly string[]): readonly string[] {
  return sentences.length === 0 ? [] : [`**${title}.**`, '', ...sentences.map((one) => `- ${one}`), ''];
}

function placesText(all: readonly Results[]): readonly string[] {
  return [
    '## Where it ran',
    '',
    '| measurement | when | processor | cores | memory, GiB | system | Node | load before | commit |',
    '| --- | --- | --- | --: | --: | --- | --- | --: | --- |',
    ...all.map(({ measurement, place }) => {
      const { at, processor, cores, memoryGiB, system, node, loadAverage, commit } = place;
      return `| ${[measurement, at, processor, cores, memoryGiB, system, node, loadAverage, commit].join(' | ')} |`;
    }),
    '',
    'The load is the average of the minute before the run: above the number of cores, others were at work beside it.',
    '',
  ];
}

function versionsText(all: readonly Results[]): readonly string[] {
  const versions = new Map(all.flatMap((results) => Object.entries(results.versions)));
  if (versions.size === 0) return [];
  return [
    '## Versions',
    '',
    '| | version |',
    '| --- | --- |',
    ...[...versions]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, version]) => `| ${name} | ${version} |`),
    '',
  ];
}

const howToRun = [
  '## How to run it',
  '',
  '```sh',
  'npm run bench                          # everything; writes bench/results, this page and its pictures',
  'npm run bench -- --only hit,miss       # only these; the rest of the page stays',
  'npm run bench -- --quick               # a minute or two: shows that it runs, keeps nothing',
  'npm run bench -- --report              # measures nothing: this page anew, from the results that are kept',
  '```',
  '',
  'What does not depend on the machine (commands to Redis, loads, promises and bytes for each read) is not measured but',
  'tested: in `npm test`, by `bench/src/counts`.',
  '',
];
