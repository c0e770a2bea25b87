// The head of a namespace: one Redis string that says how far the history goes and what rounds have proved.
//
//   <generation> <sequence> <floor> <begun> <done> <watch hash> <table floors as JSON>
//
// Only rounds write it, by compare-and-set on the whole text. The numbers stand in front and apart, because the fill
// script reads the first two of them.
import { comparePositions, formatPosition, isExact, parsePosition, type Position } from './position.ts';

export interface Head {
  readonly position: Position;
  /** L2 values of generations before this one are refused. */
  readonly floor: number;
  /** Rounds begun in this generation. */
  readonly begun: number;
  /** The last round whose changes are all in the log; `done` is at most `begun`. */
  readonly done: number;
  /** Which watch (tables, triggers, prefixes) the rounds run under. */
  readonly watchHash: string;
  /** L2 values of a table noted before its position here are refused: the table changed as a whole. */
  readonly tableFloors: ReadonlyMap<string, Position>;
}

export function formatHead(head: Head): string {
  const floors = Object.fromEntries([...head.tableFloors].map(([table, at]) => [table, formatPosition(at)]));
  const { generation, sequence } = head.position;
  return `${generation} ${sequence} ${head.floor} ${head.begun} ${head.done} ${head.watchHash} ${JSON.stringify(floors)}`;
}

const shape = /^(\d{1,16}) (\d{1,16}) (\d{1,16}) (\d{1,16}) (\d{1,16}) ([\w.-]{1,80}) (\{.*\})$/s;

/** @returns undefined for anything that is not a head; whoever finds such a text treats it as "no head" */
export function parseHead(text: string): Head | undefined {
  const match = shape.exec(text);
  if (match === null) return undefined;
  const [, generation, sequence, floor, begun, done, watchHash = '', floors = '{}'] = match;
  const tableFloors = parseFloors(floors);
  const position = { generation: Number(generation), sequence: Number(sequence) };
  const rounds = { floor: Number(floor), begun: Number(begun), done: Number(done) };
  if (tableFloors === undefined || !isExact(position)) return undefined;
  if (!Object.values(rounds).every(Number.isSafeInteger)) return undefined;
  return { position, ...rounds, watchHash, tableFloors };
}

function parseFloors(text: string): ReadonlyMap<string, Position> | undefined {
  const floors = new Map<string, Position>();
  let entries: [string, unknown][];
  try {
    entries = Object.entries(JSON.parse(text) as Record<string, unknown>);
  } catch {
    return undefined;
  }
  for (const [table, at] of entries) {
    const position = typeof at === 'string' ? parsePosition(at) : undefined;
    if (position === undefined) return undefined;
    floors.set(table, position);
  }
  return floors;
}

/**
 * Whether no round was done between two sights of the head. Rounds that are only begun prove nothing to anybody: their
 * publisher reaches Redis and not the journal, and must not keep the others from taking over.
 */
export function isSameProgress(before: Head, now: Head): boolean {
  return comparePositions(before.position, now.position) === 0 && before.done === now.done;
}

/** Whether a value noted at `notedAt` and fed by `tables` may still be served under this head. */
export function isAboveFloors(head: Head, notedAt: Position, tables: readonly string[]): boolean {
  if (notedAt.generation < head.floor) return false;
  return tables.every((table) => {
    const floor = head.tableFloors.get(table);
    return floor === undefined || comparePositions(notedAt, floor) >= 0;
  });
}
