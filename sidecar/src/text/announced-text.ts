// What became of the changes that a hint source had to announce, in words, for page and command line alike. Pure.
import type { LossCounts } from '@tidemark/engine';
import { durationText } from './duration-text.ts';

/** @returns null where nobody can tell what the source has to announce */
export function announcedText(announced: LossCounts | undefined): string | null {
  if (announced === undefined) return null;
  const { inTime, late, never, away, medianDelayMs } = announced;
  const usually = medianDelayMs === null ? '' : ` (usually within ${delayText(medianDelayMs)})`;
  const parts = [
    `${countText(inTime)} announced in time${usually}`,
    `${countText(late)} late`,
    `${countText(never)} lost`,
  ];
  if (away > 0) parts.push(`${countText(away)} made while it was away`);
  return parts.join(', ');
}

function countText(count: number): string {
  return count.toLocaleString('en');
}

function delayText(ms: number): string {
  return ms < 1 ? '1 ms' : durationText(Math.ceil(ms));
}
