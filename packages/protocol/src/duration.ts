// Durations as people write them. Every option that takes a time takes a number of milliseconds or such a string.
import { TidemarkError } from './errors.ts';

/** Milliseconds, or a number with a unit: `'250ms'`, `'2s'`, `'5m'`, `'1h'`, `'1d'`. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;

const unitMs = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * @param name what the duration is for; it opens the error message
 * @returns milliseconds, greater than 0
 * @throws TidemarkError `DURATION_INVALID`
 */
export function parseDuration(name: string, duration: Duration): number {
  const ms = typeof duration === 'number' ? duration : parseText(duration);
  if (Number.isFinite(ms) && ms > 0) return ms;
  throw new TidemarkError(
    `${name} must be a positive number of milliseconds or a string like '250ms', '2s' or '5m', got ${JSON.stringify(duration)}`,
    { code: 'DURATION_INVALID' },
  );
}

function parseText(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (match === null) return Number.NaN;
  return Number(match[1]) * unitMs[match[2] as keyof typeof unitMs];
}
