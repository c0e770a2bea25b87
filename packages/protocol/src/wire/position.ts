// A place in the one history that the log tells: which generation, and which record of it.

export interface Position {
  /** Grows whenever the history starts anew (takeover, Redis went back, watch changed). */
  readonly generation: number;
  /** 0 for the link record that opens a generation, then one more per record. */
  readonly sequence: number;
}

/** As in stream ids, so that the log of a namespace sorts by position. */
export function formatPosition(position: Position): string {
  return `${position.generation}-${position.sequence}`;
}

export function parsePosition(text: string): Position | undefined {
  const match = /^(\d{1,16})-(\d{1,16})$/.exec(text);
  if (match === null) return undefined;
  const position = { generation: Number(match[1]), sequence: Number(match[2]) };
  return isExact(position) ? position : undefined;
}

/** Beyond 2^53 two numbers can look the same, and an order decided on them would be a guess. */
export function isExact({ generation, sequence }: Position): boolean {
  return Number.isSafeInteger(generation) && Number.isSafeInteger(sequence);
}

/** Negative when `a` is before `b`, 0 when they are the same, positive when `a` is after `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.generation - b.generation || a.sequence - b.sequence;
}
