import { settle } from '@tidemark/devstack/fakes';
import { afterEach, describe, expect, test } from 'vitest';
import { closeLoops, readTimeoutMs, roundEveryMs, started } from '../testing/round-scene.ts';

afterEach(closeLoops);

describe('failing', () => {
  test('is told once, with its reason, and tried again each period until it is over (R6)', async () => {
    const { loop, clock, target, log } = await started();
    target.failure = new Error('Redis is away');
    await clock.advance(5 * roundEveryMs);
    expect(loop.state).toEqual({ kind: 'failing', reason: 'Redis is away' });
    expect(target.rounds).toBe(6);
    target.failure = undefined;
    await clock.advance(roundEveryMs);
    expect(loop.state).toEqual({ kind: 'working' });
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([
      { level: 'warn', message: 'rounds fail, nothing is proved', fields: { reason: 'Redis is away' } },
    ]);
    expect(log.told('info')).toEqual(['running the rounds', 'running the rounds']);
  });

  test('begins once per period, however often somebody rings, and at once when it may be over (R6)', async () => {
    const { loop, clock, journal, target } = await started();
    journal.failure = new Error('away');
    await clock.advance(roundEveryMs);
    expect(target.rounds).toBe(2);
    for (let bell = 0; bell < 20; bell += 1) {
      loop.ring();
      await clock.advance(1);
    }
    expect(target.rounds).toBe(2);
    loop.retry();
    await settle();
    expect(target.rounds).toBe(3);
  });

  test('in the journal publishes nothing, and shows the newest reason', async () => {
    const { loop, clock, journal, target } = await started();
    journal.failure = new Error('first');
    await clock.advance(roundEveryMs);
    journal.failure = new Error('second');
    await clock.advance(roundEveryMs);
    expect(loop.state).toEqual({ kind: 'failing', reason: 'second' });
    expect(target.steps).toEqual(['begin', 'publish', 'begin', 'begin', 'abandon']);
  });

  test('in the journal twice in a row leaves the way free for whoever reads it, and once does not (R6)', async () => {
    const { clock, journal, target } = await started();
    journal.failure = new Error('away');
    await clock.advance(roundEveryMs);
    journal.failure = undefined;
    await clock.advance(roundEveryMs);
    expect(target.steps).not.toContain('abandon');
    journal.failure = new Error('away again');
    await clock.advance(2 * roundEveryMs);
    expect(target.steps.slice(-3)).toEqual(['begin', 'begin', 'abandon']);
  });

  test('is what a read that passes its deadline ends in, and its signal has told the journal', async () => {
    const signals: AbortSignal[] = [];
    const { loop, clock, target } = await started(({ signal }) => {
      signals.push(signal);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      });
    });
    await clock.advance(readTimeoutMs - 1);
    expect(target.rounds).toBe(1);
    await clock.advance(1);
    expect(signals[0]?.aborted).toBe(true);
    expect(loop.state).toEqual({ kind: 'failing', reason: `no answer within ${readTimeoutMs} ms` });
  });
});
