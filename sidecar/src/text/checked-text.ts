// What the checker found, in words, for page and command line alike. Pure.
import type { CheckerStatus } from '../checker/checker-counts.ts';

export function checkedText({
  sampled,
  agreed,
  staleBeyondBound,
}: Pick<CheckerStatus, 'sampled' | 'agreed' | 'staleBeyondBound'>): string {
  const [all, same, stale] = [sampled, agreed, staleBeyondBound].map((count) => count.toLocaleString('en'));
  return `${all} values sampled, ${same} agreed, ${stale} stale beyond the bound`;
}

/** @returns null when there is nothing to tell */
export function staleText({ staleBeyondBound }: Pick<CheckerStatus, 'staleBeyondBound'>): string | null {
  if (staleBeyondBound === 0) return null;
  const found =
    staleBeyondBound === 1
      ? 'an L2 value that differed from its row'
      : `${staleBeyondBound.toLocaleString('en')} L2 values that differed from their rows`;
  return `the checker found ${found} beyond the bound: the log of the sidecar has the hashes of the keys`;
}
