// What the functions of paths answer: rows of `conversation_paths` with their counts, messages with their branches, and
// refusals. Owns the names of the columns.
import * as z from 'zod';
import { fromMessageRow } from '../conversation/conversation-row.ts';
import type { ConversationMessage } from '../conversation/conversation.ts';
import { parseRow, parseRowWithJson } from '../schema/parse.ts';
import { idSchema } from '../schema/text.ts';
import { countSchema, pathSchema } from './path-schema.ts';
import type { PathRefusal, PathRefusalCode } from './path-refusal.ts';
import type { BranchPoint, ConversationPath, MergedPath, PathResolution } from './path.ts';

export const pathTable = 'conversation_paths';

/** Each of these throws InvalidRowError; `where` names the row in it. */
type Reader<T> = (answer: unknown, where: string) => T;

const columnsSchema = z.record(z.string(), z.unknown(), { error: 'must be an object' });

export const fromPathRow: Reader<ConversationPath> = (row, where) => {
  const columns = parseRow(columnsSchema, where, row);
  return parseRow(pathSchema, where, {
    id: columns['id'],
    tenantId: columns['tenant_id'],
    conversationId: columns['conversation_id'],
    parentPathId: columns['parent_path_id'],
    branchPointMessageId: columns['branch_point_message_id'],
    name: columns['name'],
    description: columns['description'],
    isPrimary: columns['is_primary'],
    isActive: columns['is_active'],
    mergedToPathId: columns['merged_to_path_id'],
    mergedAt: columns['merged_at'],
    mergeSummaryMessageId: columns['merge_summary_message_id'],
    mergeMode: columns['merge_mode'],
    messageCount: columns['message_count'],
    branchCount: columns['branch_count'],
    createdAt: columns['created_at'],
    updatedAt: columns['updated_at'],
  });
};

const rows = z.array(z.unknown(), { error: 'must be a list' });

export const fromPathRows: Reader<readonly ConversationPath[]> = (answer, where) =>
  parseRowWithJson(rows, where, answer).map((row) => fromPathRow(row, where));

export const fromMessageRows: Reader<readonly ConversationMessage[]> = (answer, where) =>
  parseRowWithJson(rows, where, answer).map((row) => fromMessageRow(row, where));

export const fromCount: Reader<number> = (answer, where) => parseRow(countSchema, where, answer);

const resolutionAnswer = z.object({ lineage: rows, messages: rows });

/** The last of the lineage is the path itself. */
export const fromResolution: Reader<Omit<PathResolution, 'path'>> = (answer, where) => {
  const { lineage, messages } = parseRowWithJson(resolutionAnswer, where, answer);
  return { lineage: fromPathRows(lineage, where), messages: fromMessageRows(messages, where) };
};

const branchPointAnswer = z.object({ message: z.unknown(), paths: rows });

export const fromBranchPoints: Reader<readonly BranchPoint[]> = (answer, where) =>
  parseRowWithJson(rows, where, answer).map((row) => {
    const { message, paths } = parseRowWithJson(branchPointAnswer, where, row);
    return { message: fromMessageRow(message, where), paths: fromPathRows(paths, where) };
  });

const mergedAnswer: z.ZodType<MergedPath> = z.object({
  messageIds: z.array(idSchema, { error: 'must be a list of ids' }),
  mergeSummaryMessageId: z.exactOptional(idSchema),
});

export const fromMerged: Reader<MergedPath> = (answer, where) => parseRow(mergedAnswer, where, answer);

const previewAnswer = z.object({ messages: rows });

export const fromPreview: Reader<readonly ConversationMessage[]> = (answer, where) =>
  fromMessageRows(parseRowWithJson(previewAnswer, where, answer).messages, where);

const refusalCodes: Readonly<Record<PathRefusalCode, PathRefusalCode>> = {
  CONVERSATION_NOT_FOUND: 'CONVERSATION_NOT_FOUND',
  PATH_NOT_FOUND: 'PATH_NOT_FOUND',
  MESSAGE_NOT_FOUND: 'MESSAGE_NOT_FOUND',
  MESSAGE_NOT_ON_PATH: 'MESSAGE_NOT_ON_PATH',
  PATH_IS_PRIMARY: 'PATH_IS_PRIMARY',
  PATH_IS_ARCHIVED: 'PATH_IS_ARCHIVED',
  PATH_IS_MERGED: 'PATH_IS_MERGED',
  PATH_HAS_BRANCHES: 'PATH_HAS_BRANCHES',
};

const refusalAnswer: z.ZodType<PathRefusal> = z.object({
  refused: z.enum(refusalCodes),
  subject: z.string(),
});

/** @returns undefined when the answer is not a refusal */
export function toRefusal(answer: unknown): PathRefusal | undefined {
  return refusalAnswer.safeParse(answer).data;
}
