import { FakeClock, settle } from '@tidemark/devstack/fakes';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { deadlineIn, sleep } from './clock.ts';

function watch(promise: Promise<void>): { isOver: boolean } {
  const seen = { isOver: false };
  void promise.then(() => {
    seen.isOver = true;
  });
  return seen;
}

describe('a sleep', () => {
  it('ends after its time and not before', async () => {
    const clock = new FakeClock();
    const slept = watch(sleep(clock, 100));
    await clock.advance(99);
    expect(slept.isOver).toBe(false);
    await clock.advance(1);
    expect(slept.isOver).toBe(true);
  });

  it('ends at once with its signal, without an error, and leaves no timer and no listener', async () => {
    const clock = new FakeClock();
    const { signal, abort } = abortable();
    const slept = watch(sleep(clock, 100, signal));
    abort();
    await settle();
    expect(slept.isOver).toBe(true);
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('leaves no listener on a signal that never aborted', async () => {
    const clock = new FakeClock();
    const { signal } = abortable();
    const slept = watch(sleep(clock, 100, signal));
    await clock.advance(100);
    await settle();
    expect(slept.isOver).toBe(true);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('does not begin when its signal has aborted already', async () => {
    const clock = new FakeClock();
    await sleep(clock, 100, AbortSignal.abort());
    expect(clock.pending).toBe(0);
  });
});

describe('a deadline', () => {
  it('aborts when its time is over, and says how long it was', async () => {
    const clock = new FakeClock();
    using deadline = deadlineIn(clock, 100);
    await clock.advance(99);
    expect(deadline.signal.aborted).toBe(false);
    await clock.advance(1);
    expect(deadline.signal.reason).toMatchObject({
      name: 'TimeoutError',
      message: 'no answer within 100 ms',
    });
  });

  it('aborts with its parent, for the same reason', () => {
    const parent = new AbortController();
    using deadline = deadlineIn(new FakeClock(), 100, parent.signal);
    const reason = new Error('closed');
    parent.abort(reason);
    expect(deadline.signal.reason).toBe(reason);
  });

  it('of a parent that has aborted already is over from the start', () => {
    const reason = new Error('closed');
    using deadline = deadlineIn(new FakeClock(), 100, AbortSignal.abort(reason));
    expect(deadline.signal.reason).toBe(reason);
  });

  it('that was given up leaves no timer and no listener, and never aborts', async () => {
    const clock = new FakeClock();
    const parent = new AbortController();
    const deadline = deadlineIn(clock, 100, parent.signal);
    deadline[Symbol.dispose]();
    expect(clock.pending).toBe(0);
    expect(getEventListeners(parent.signal, 'abort')).toEqual([]);
    await clock.advance(200);
    expect(deadline.signal.aborted).toBe(false);
  });
});

function abortable(): { readonly signal: AbortSignal; readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, abort: () => controller.abort() };
}
