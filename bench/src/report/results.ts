// The results that are kept: one file for each measurement, written by a whole run and read for the document.
import { globSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Findings } from '../measurement.ts';
import type { Place } from '../place.ts';

export interface Results extends Findings {
  readonly measurement: string;
  readonly place: Place;
}

const folder = path.join(import.meta.dirname, '../../results');

export async function writeResults(results: Results): Promise<void> {
  await mkdir(folder, { recursive: true });
  // Six digits are more than any clock here gives, and keep the difference of two runs readable.
  const text = JSON.stringify(
    results,
    (_, value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(6)) : value),
    2,
  );
  await writeFile(path.join(folder, `${results.measurement}.json`), `${text}\n`);
}

/** @param order names of measurements; results of others are left out */
export async function readResults(order: readonly string[]): Promise<readonly Results[]> {
  const kept = new Set(globSync('*.json', { cwd: folder }));
  const wanted = order.map((name) => `${name}.json`).filter((file) => kept.has(file));
  return Promise.all(
    wanted.map(async (file) => JSON.parse(await readFile(path.join(folder, file), 'utf8')) as Results),
  );
}
