// The rules of paths over rows in memory: what a path resolves to, where a path may begin, what may be merged. Pure;
// the same as the functions in SQL, which a generated history of both shows.
import type { MessageRow, PathRow } from '../conversation/in-memory-conversation-data.ts';
import type { ParsedMerge } from './path-input.ts';
import type { PathRefusal } from './path-refusal.ts';

export interface PathRows {
  readonly paths: ReadonlyMap<string, PathRow>;
  readonly messages: ReadonlyMap<string, MessageRow>;
}

/** From the path without a parent down to this one. */
export function lineageOf(rows: PathRows, path: PathRow): readonly PathRow[] {
  const parent = path.parentPathId === undefined ? undefined : rows.paths.get(path.parentPathId);
  return parent === undefined ? [path] : [...lineageOf(rows, parent), path];
}

/**
 * What a path inherits is what the path that holds its branch point resolves to, up to there: whichever parent it was
 * seen on, everything before a message is the same.
 *
 * @returns without deleted messages, in the order of `effectiveSequence`
 */
export function resolveMessages(rows: PathRows, path: PathRow): readonly MessageRow[] {
  return resolveUpTo(rows, path, path.lastSequence).filter(isShown);
}

function resolveUpTo(rows: PathRows, path: PathRow, lastSequence: number): readonly MessageRow[] {
  const { branchPointMessageId } = path;
  const branchPoint =
    branchPointMessageId === undefined ? undefined : rows.messages.get(branchPointMessageId);
  const holder = branchPoint === undefined ? undefined : rows.paths.get(branchPoint.pathId);
  const inherited =
    branchPoint === undefined || holder === undefined
      ? []
      : resolveUpTo(rows, holder, branchPoint.sequenceInPath);
  const own = messagesHeldBy(rows, path).filter(({ sequenceInPath }) => sequenceInPath <= lastSequence);
  return [...inherited, ...own];
}

/** Its own, deleted ones too. */
export function messagesHeldBy(rows: PathRows, path: PathRow): readonly MessageRow[] {
  return [...rows.messages.values()].filter(({ pathId }) => pathId === path.id);
}

export function isShown({ deletedAt }: MessageRow): boolean {
  return deletedAt === undefined;
}

/** @returns why a path may not begin at the message on the parent; undefined if it may */
export function refuseBranch(
  rows: PathRows,
  parent: PathRow,
  branchPoint: MessageRow,
): PathRefusal | undefined {
  if (!parent.isActive) return { refused: 'PATH_IS_ARCHIVED', subject: parent.id };
  if (resolveMessages(rows, parent).includes(branchPoint)) return undefined;
  return { refused: 'MESSAGE_NOT_ON_PATH', subject: branchPoint.id };
}

export type MergeDecision =
  | { readonly kind: 'refused'; readonly refusal: PathRefusal }
  | {
      readonly kind: 'merge';
      readonly source: PathRow;
      readonly target: PathRow;
      readonly messages: readonly MessageRow[];
    };

export function decideMerge(rows: PathRows, merge: ParsedMerge): MergeDecision {
  const source = rows.paths.get(merge.sourcePathId);
  const target = rows.paths.get(merge.targetPathId);
  const refused = (code: PathRefusal['refused'], subject: string): MergeDecision => ({
    kind: 'refused',
    refusal: { refused: code, subject },
  });
  if (source?.tenantId !== merge.tenantId) return refused('PATH_NOT_FOUND', merge.sourcePathId);
  if (target?.conversationId !== source.conversationId) return refused('PATH_NOT_FOUND', merge.targetPathId);
  if (source.isPrimary) return refused('PATH_IS_PRIMARY', source.id);
  if (source.mergedAt !== undefined) return refused('PATH_IS_MERGED', source.id);
  if (!source.isActive) return refused('PATH_IS_ARCHIVED', source.id);
  if (!target.isActive) return refused('PATH_IS_ARCHIVED', target.id);

  // The target shows messages of the source where it branched from it.
  const shown = new Set(resolveMessages(rows, target));
  const mergeable = messagesHeldBy(rows, source).filter((message) => isShown(message) && !shown.has(message));
  const { messageIds } = merge;
  if (messageIds === undefined) return { kind: 'merge', source, target, messages: mergeable };
  const missing = messageIds.find((id) => !mergeable.some((message) => message.id === id));
  if (missing !== undefined) return refused('MESSAGE_NOT_ON_PATH', missing);
  return { kind: 'merge', source, target, messages: mergeable.filter(({ id }) => messageIds.includes(id)) };
}

/** How many messages a target gains: what is copied, and the summary. */
export function countAppended(
  { mode, summary }: Pick<ParsedMerge, 'mode' | 'summary'>,
  messages: readonly unknown[],
): number {
  if (mode === 'summary') return 1;
  return messages.length + (summary === undefined ? 0 : 1);
}
