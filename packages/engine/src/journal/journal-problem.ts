// Why a journal can't be read, told apart by what helps. Codes are stable; sentences are for people.

export type JournalProblemCode =
  /** The migrations were not applied. */
  | 'JOURNAL_NOT_INSTALLED'
  /** The Data API does not serve the schema of the functions. */
  | 'JOURNAL_NOT_EXPOSED'
  /** Wrong key, password or role. */
  | 'JOURNAL_KEY_REFUSED'
  /** The URL leads to something else. */
  | 'JOURNAL_NOT_FOUND'
  /** Anything that may pass by itself: network, overload, restart. */
  | 'JOURNAL_UNREADABLE';

export interface JournalProblem {
  readonly code: JournalProblemCode;
  readonly sentence: string;
}

/** What only a person can put right: waiting does not help. */
const lastingProblems: ReadonlySet<string> = new Set<JournalProblemCode>([
  'JOURNAL_NOT_INSTALLED',
  'JOURNAL_NOT_EXPOSED',
  'JOURNAL_KEY_REFUSED',
  'JOURNAL_NOT_FOUND',
]);

/** Whether the code of an error that a journal threw tells of a configuration that can't work. */
export function isLastingProblem(code: string): boolean {
  return lastingProblems.has(code) || code === 'JOURNAL_ANSWER_INVALID';
}
