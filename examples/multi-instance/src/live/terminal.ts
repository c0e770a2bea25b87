// The live demo in a terminal: a snapshot as lines. Pure; colours are left out where the terminal has none.
import { stripVTControlCharacters, styleText } from 'node:util';
import type { ChangeView, HoldView, InstanceView, Lags, Snapshot } from './snapshot.ts';

const columnWidth = 44;

/** @returns the lines of one frame, none longer than the width */
export function renderFrame(snapshot: Snapshot, columns: number): string[] {
  const width = Math.max(20, Math.min(columnWidth, Math.floor((columns - 2) / snapshot.instances.length)));
  return [
    `${bold('sidecar')}  ${describeSidecar(snapshot)}`,
    '',
    ...sideBySide(snapshot.instances.map(linesOfInstance), width),
    '',
    bold(`${'last changes'.padEnd(36)}${snapshot.instances.map(({ name }) => name.padEnd(22)).join('')}`),
    ...snapshot.changes.slice(0, 8).map((change) => describeChange(change)),
    '',
    describeAnswers(snapshot),
  ].map((line) => cut(line, columns));
}

/** When, what, and for each instance: dropped → served anew. */
export function describeChange({ at, what, arrivals }: ChangeView): string {
  const cells = arrivals.map((lags) => `${dropText(lags)} → ${ms(lags.freshMs)}`.padEnd(22));
  return `${timeOf(at)}  ${what.slice(0, 23).padEnd(24)}${cells.join('')}`;
}

function describeSidecar({ sidecar, hints }: Snapshot): string {
  const state = sidecar.state === 'ready' ? green('ready') : red(sidecar.state);
  const heard = sidecar.hints.map(({ name, state, heard }) => `${name} ${state} (${heard})`).join(', ');
  return `${state}  position ${sidecar.position ?? '-'}  hints: ${hints}${heard === '' ? '' : `; ${heard}`}`;
}

function describeAnswers({ answers, boundMs }: Snapshot): string {
  const { given, withinBound, beyondBound } = answers;
  const stale = `${beyondBound} old beyond the bound of ${boundMs / 1000} s`;
  return `${given.toLocaleString('en')} answers  ${withinBound} old within the bound  ${beyondBound === 0 ? green(stale) : red(stale)}`;
}

function linesOfInstance(instance: InstanceView): string[] {
  const { name, state, hasLease, tidemarkAgeMs, entries, loads } = instance;
  const lease = state === 'serving' ? (hasLease ? green('lease') : red('no lease')) : red(state);
  const age = tidemarkAgeMs === null ? '-' : `${Math.round(tidemarkAgeMs)} ms`;
  return [
    `${bold(`instance ${name}`)}  ${lease}`,
    dim(`tidemark ${age}, ${entries} entries, ${loads} loads`),
    ...instance.holds.flatMap(linesOfHold),
  ];
}

function linesOfHold({ tenant, text, isDropped, ...lags }: HoldView): string[] {
  const { droppedMs, freshMs } = lags;
  const lag =
    droppedMs === null && freshMs === null ? '' : `dropped ${dropText(lags)}, new row ${ms(freshMs)}`;
  return [`${tenant}${isDropped ? red(' dropped') : ''}`, `  ${text ?? '-'}`, dim(`  ${lag}`)];
}

function sideBySide(blocks: readonly (readonly string[])[], width: number): string[] {
  const height = Math.max(...blocks.map(({ length }) => length));
  return Array.from({ length: height }, (_, row) =>
    blocks.map((block) => pad(cut(block[row] ?? '', width - 2), width)).join(''),
  );
}

function ms(value: number | null): string {
  return value === null ? '·' : `${value.toFixed(1)} ms`;
}

/** Fresh without a drop: there was no old entry. */
function dropText({ droppedMs, freshMs }: Lags): string {
  return droppedMs === null && freshMs !== null ? '–' : ms(droppedMs);
}

function timeOf(iso: string): string {
  return iso.slice(11, 21);
}

/** Colours take no room. */
function seenLength(line: string): number {
  return stripVTControlCharacters(line).length;
}

function pad(line: string, width: number): string {
  return line + ' '.repeat(Math.max(0, width - seenLength(line)));
}

/** Only what has no colours is cut in the middle; what has is short, or loses them. */
function cut(line: string, width: number): string {
  return seenLength(line) <= width
    ? line
    : `${stripVTControlCharacters(line).slice(0, Math.max(0, width - 1))}…`;
}

function bold(text: string): string {
  return styleText('bold', text);
}

function dim(text: string): string {
  return styleText('dim', text);
}

function green(text: string): string {
  return styleText('green', text);
}

function red(text: string): string {
  return styleText('red', text);
}
