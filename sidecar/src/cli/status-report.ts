// What `tidemark status` found, and how it is told: problems, lines, JSON. Pure.
import { formatPosition } from '@tidemark/protocol';
import type { InstanceVerdict } from '../instances/judge-instance.ts';
import { announcedText } from '../text/announced-text.ts';
import { checkedText, staleText } from '../text/checked-text.ts';
import { durationText } from '../text/duration-text.ts';
import type { NamespaceView } from './namespaces.ts';
import type { SidecarAnswer } from './sidecar-status.ts';

export interface NamespaceReport extends NamespaceView {
  readonly isMoving: boolean;
}

export interface InstanceReport extends InstanceVerdict {
  readonly name: string;
  readonly version: string;
  /** As it announced it last. */
  readonly tidemarkAgeMs: number | null;
}

export interface StatusReport {
  readonly sidecar: SidecarAnswer;
  /** null: Redis is not configured here. */
  readonly namespaces: readonly NamespaceReport[] | null;
  /** Those that announced themselves; null as above. */
  readonly instances: readonly InstanceReport[] | null;
  /** One sentence each; empty when all is well. */
  readonly problems: readonly string[];
}

export function problemsOf({
  sidecar,
  namespaces,
  instances,
  isUrlGiven,
}: Omit<StatusReport, 'problems'> & { readonly isUrlGiven: boolean }): string[] {
  const problems: string[] = [];
  if (sidecar.kind === 'answered') problems.push(...sidecar.problems, ...staleProblems(sidecar.checker));
  // Somebody may ask from another machine, where the address of the settings means nothing.
  else if (isUrlGiven) problems.push(`no sidecar answers at ${sidecar.url} (${sidecar.reason})`);
  for (const { namespace, head, watch, isMoving } of namespaces ?? []) {
    if (head === null)
      problems.push(`the namespace ${namespace} has no head: no sidecar has published to this Redis`);
    else if (!isMoving)
      problems.push(`the head of the namespace ${namespace} stands still: nobody runs rounds`);
    for (const { problem } of watch?.tables.values() ?? []) if (problem !== null) problems.push(problem);
  }
  for (const { name, freshness, sentence } of instances ?? []) {
    if (freshness === 'behind' || freshness === 'frozen')
      problems.push(`the instance ${name} is ${freshness}: ${sentence}`);
  }
  const isEmpty = namespaces?.every(({ watch }) => (watch?.tables.size ?? 0) === 0) === true;
  if (isEmpty) problems.push('no table is followed: track one with tidemark track');
  return problems;
}

function staleProblems(checker: Checked): string[] {
  const stale = checker === undefined ? null : staleText(checker);
  return stale === null ? [] : [stale];
}

export function lines({ sidecar, namespaces, instances, problems }: StatusReport): string[] {
  return [
    ...(sidecar.kind === 'answered'
      ? sidecarLines(sidecar)
      : [`sidecar ${sidecar.url}: no answer (${sidecar.reason})`]),
    ...(namespaces ?? []).flatMap(namespaceLines),
    ...(instances ?? []).map(instanceLine),
    ...(problems.length === 0 ? ['all is well'] : problems.map((problem) => `problem: ${problem}`)),
  ];
}

type Checked = Extract<SidecarAnswer, { kind: 'answered' }>['checker'];

function checkerLines(checker: Checked): string[] {
  return checker === undefined ? [] : [`  checker: ${checkedText(checker)}`];
}

function sidecarLines({
  url,
  isReady,
  engine,
  checker,
}: Extract<SidecarAnswer, { kind: 'answered' }>): string[] {
  return [
    `sidecar ${url}: ${isReady ? 'ready' : 'not ready'}`,
    ...engine.namespaces.map(({ namespace, loop }) => `  rounds of ${namespace}: ${loop.kind}`),
    ...engine.hints.map(hintLine),
    ...checkerLines(checker),
  ];
}

function hintLine(hint: Extract<SidecarAnswer, { kind: 'answered' }>['engine']['hints'][number]): string {
  const { name, state, heard, silences, announced } = hint;
  const losses = announcedText(announced);
  const line = `  hints from ${name}: ${state}, heard ${heard}, silences ${silences}`;
  return losses === null ? line : `${line}; ${losses}`;
}

function namespaceLines({ namespace, head, watch, isMoving, ...listeners }: NamespaceReport): string[] {
  const at =
    head === null
      ? 'no head'
      : `head ${formatPosition(head.position)}, ${isMoving ? 'moving' : 'standing still'}, round ${head.done}`;
  return [
    `namespace ${namespace}: ${at}; listening: ${listeners.hintListeners} for hints, ${listeners.recordListeners} for records`,
    ...[...(watch?.tables ?? [])].map(
      ([table, { prefixes, isBestEffort }]) =>
        `  ${table}  ${prefixes.join(', ')}${isBestEffort === true ? '  (best effort: no bound)' : ''}`,
    ),
  ];
}

function instanceLine({ name, version, freshness, tidemarkAgeMs }: InstanceReport): string {
  const age = tidemarkAgeMs === null ? 'no tidemark' : `tidemark ${durationText(tidemarkAgeMs)} old`;
  return `instance ${name} (${version}): ${freshness}, ${age}`;
}

export function jsonOf({ sidecar, namespaces, instances, problems }: StatusReport): string {
  const views = namespaces?.map(({ head, watch, ...view }) => ({
    ...view,
    head: head && { ...head, position: formatPosition(head.position), tableFloors: undefined },
    roundEveryMs: watch?.roundEveryMs ?? null,
    tables: Object.fromEntries(watch?.tables ?? []),
  }));
  return JSON.stringify({ sidecar, namespaces: views ?? null, instances, problems });
}
