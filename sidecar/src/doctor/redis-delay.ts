// How long Redis takes to answer, next to what an instance gives it. Measured here, on this clock alone.
import type { Check } from './check.ts';
import { type Judgement, ok } from './finding.ts';

export const redisDelay: Check = {
  name: 'redis-delay',
  needs: () => ['redis'],
  async run(patient) {
    const { clock } = patient;
    const redis = await patient.redis();
    const delaysMs: number[] = [];
    for (let at = 0; at < samples; at += 1) {
      const sentMs = clock.monotonicMs();
      await redis.ping();
      delaysMs.push(clock.monotonicMs() - sentMs);
    }
    return [judgeDelay(delaysMs)];
  },
};

const samples = 9;

/** A read gives L2 so long, and goes to the source then. */
const readDeadlineMs = 100;

export function judgeDelay(delaysMs: readonly number[]): Judgement {
  const ordered = [...delaysMs].sort((a, b) => a - b);
  const median = ordered[Math.floor(ordered.length / 2)] ?? 0;
  const shown = `${median.toFixed(1)} ms`;
  if (median <= readDeadlineMs / 4) return ok(`Redis answers within ${shown} from here`);
  return {
    status: 'warn',
    sentence: `Redis should answer within ${readDeadlineMs / 4} ms, got ${shown} from here: a read gives it ${readDeadlineMs} ms, so put both into one region`,
  };
}
