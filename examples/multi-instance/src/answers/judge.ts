// Whether an answer kept the promise R1, decided from what the database was told and when. Pure: the history and the
// times are passed in, and nothing here knows how an answer came about.
//
//   state k     ├ began ─── committed ┤ …
//   state k+1                    ├ began ─── committed ┤ …
//   state k may be read from its own `began` until `committed` of state k+1, and for the bound after that

/** One committed content of a row. */
export interface State {
  readonly text: string;
  /** When the statement was sent: nobody can have read the content before. */
  readonly beganMs: number;
  /** When its COMMIT was acknowledged: from here on whatever it replaced is old. Undefined while it is not. */
  committedMs?: number | undefined;
}

export interface GivenAnswer {
  /** Undefined: the instance could not answer. */
  readonly text: string | undefined;
  /** When the request was sent, and when its answer was here. */
  readonly startedMs: number;
  readonly endedMs: number;
}

export type Verdict =
  /** The row's content at some moment between request and answer. */
  | { readonly kind: 'current' }
  /** Overtaken before the request was sent, for less than the bound. */
  | { readonly kind: 'within bound'; readonly staleMs: number }
  | { readonly kind: 'beyond bound'; readonly staleMs: number }
  /** No content that the row ever had, or not yet. */
  | { readonly kind: 'never true' }
  | { readonly kind: 'failed' };

/** @param states of one row, oldest first; the first is what it was before anything was changed */
export function judge(states: readonly State[], answer: GivenAnswer, boundMs: number): Verdict {
  if (answer.text === undefined) return { kind: 'failed' };
  // The latest one that fits: a row may have had the same content before.
  const at = states.findLastIndex(({ text, beganMs }) => text === answer.text && beganMs <= answer.endedMs);
  if (at === -1) return { kind: 'never true' };
  const overtakenMs = states[at + 1]?.committedMs;
  const staleMs = overtakenMs === undefined ? 0 : answer.startedMs - overtakenMs;
  if (staleMs <= 0) return { kind: 'current' };
  return { kind: staleMs <= boundMs ? 'within bound' : 'beyond bound', staleMs };
}
