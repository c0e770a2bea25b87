// Whether a text is a PostgreSQL snapshot (`xmin:xmax:xip,…`), by the rules of its input function. The cursor comes from
// Redis: PostgreSQL would answer a damaged one with an error, again and again, and no round would ever end.
import type { JournalRead } from '@tidemark/protocol';

const greatest = 2n ** 63n - 1n;

export function isSnapshot(text: string): boolean {
  const match = /^(\d{1,19}):(\d{1,19}):((?:\d{1,19}(?:,\d{1,19})*)?)$/.exec(text);
  if (match === null) return false;
  const [xmin = 0n, xmax = 0n] = [match[1], match[2]].map((part) => BigInt(part ?? 0));
  if (xmin === 0n || xmax < xmin || xmax > greatest) return false;
  let last = xmin;
  for (const part of match[3] === '' ? [] : (match[3] ?? '').split(',')) {
    const xid = BigInt(part);
    if (xid < last || xid >= xmax) return false;
    last = xid;
  }
  return true;
}

/** What to ask the journal for: a damaged snapshot is as good as none. */
export function toPrev(since: string | null): string | null {
  return since !== null && isSnapshot(since) ? since : null;
}

/** A read that could not be asked for what it was to follow has missed changes, and says so. */
export function admitLoss(read: JournalRead, since: string | null): JournalRead {
  return since === toPrev(since) ? read : { ...read, wasPruned: true };
}
