import type { LossCounts } from '@tidemark/engine';
import { expect, test } from 'vitest';
import { announcedText } from './announced-text.ts';

const none: LossCounts = { inTime: 0, late: 0, never: 0, away: 0, medianDelayMs: null };

test.each<[string, LossCounts | undefined, string | null]>([
  ['nobody can tell what it has to announce', undefined, null],
  ['nothing has changed yet', none, '0 announced in time, 0 late, 0 lost'],
  [
    'it announced much, and lost some',
    { inTime: 12_345, late: 3, never: 1, away: 20, medianDelayMs: 246.2 },
    '12,345 announced in time (usually within 247 ms), 3 late, 1 lost, 20 made while it was away',
  ],
  [
    'it is quicker than a millisecond',
    { ...none, inTime: 1, medianDelayMs: 0.4 },
    '1 announced in time (usually within 1 ms), 0 late, 0 lost',
  ],
])('what a hint source announced, when %s', (_when, announced, text) => {
  expect(announcedText(announced)).toBe(text);
});
