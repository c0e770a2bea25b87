// Puts the report of a run into docs/chaos.md, between the two marks of its contestant. What stands around the marks is
// written by hand.
import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, loadavg } from 'node:os';
import path from 'node:path';
import type { ChaosOptions } from '../options.ts';
import type { Row } from '../row.ts';
import { markdown } from './report.ts';

const file = path.join(import.meta.dirname, '..', '..', '..', 'docs', 'chaos.md');

/** @returns the file */
export async function writeDocument(rows: readonly Row[], options: ChaosOptions): Promise<string> {
  const before = await readFile(file, 'utf8');
  await writeFile(file, putReport(before, options.contestant, markdown(rows, options, describePlace())));
  return 'docs/chaos.md';
}

export function describePlace(): string {
  const [, , loadAverage = 0] = loadavg();
  return `${availableParallelism()} cores with a load average of ${loadAverage.toFixed(1)} over the last 15 minutes`;
}

/** @param name what the marks say that the report is of @throws Error when the text has no such marks, or has them the wrong way round */
export function putReport(text: string, name: string, report: string): string {
  const [from, until] = [`<!-- report of ${name} -->\n`, `<!-- end of ${name} -->\n`];
  const [start, end] = [text.indexOf(from), text.indexOf(until)];
  if (start === -1 || end < start) {
    throw new Error(
      `the document must hold the marks "${from.trim()}" and "${until.trim()}", in this order: write them`,
    );
  }
  return `${text.slice(0, start + from.length)}\n${report}\n${text.slice(end)}`;
}
