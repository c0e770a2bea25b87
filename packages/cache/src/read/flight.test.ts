import { FakeClock, settle } from '@tidemark/devstack/fakes';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { Clocks } from '../clocks.ts';
import { type Flight, Flights } from './flight.ts';

const boundMs = 2_000;

interface Scene {
  readonly clock: FakeClock;
  readonly flights: Flights<string>;
  readonly start: (key?: string) => Flight<string>;
  readonly joinable: (key?: string) => Flight<string> | undefined;
}

function begin(): Scene {
  const clock = new FakeClock();
  const flights = new Flights<string>(boundMs, new Clocks(clock));
  return {
    clock,
    flights,
    start: (key = 'k') => flights.start(key),
    joinable: (key = 'k') => flights.joinable(key),
  };
}

describe('a flight may be joined', () => {
  it('by who comes while it is under way (R5)', () => {
    const { start, joinable } = begin();
    const flight = start();
    expect(joinable()).toBe(flight);
    expect(joinable('other')).toBeUndefined();
  });

  it('until it is half the bound old, and not at that moment (R1)', async () => {
    const { clock, start, joinable } = begin();
    const flight = start();
    await clock.advance(boundMs / 2 - 1);
    expect(joinable()).toBe(flight);
    await clock.advance(1);
    expect(joinable()).toBeUndefined();
  });

  it('not after a suspend in which the monotonic clock stood still (R1)', async () => {
    const { clock, start, joinable } = begin();
    start();
    await clock.suspend(boundMs / 2);
    expect(joinable()).toBeUndefined();
  });

  it('not after an invalidation (R2)', () => {
    const { flights, start, joinable } = begin();
    const flight = start();
    flights.detach('k');
    expect(flight.isDetached).toBe(true);
    expect(joinable()).toBeUndefined();
    expect(flights.size).toBe(0);
  });

  it('not after an invalidation of everything (R2)', () => {
    const { flights, start, joinable } = begin();
    const both = [start('a'), start('b')];
    flights.detachAll();
    expect(both.every(({ isDetached }) => isDetached)).toBe(true);
    expect([joinable('a'), joinable('b')]).toEqual([undefined, undefined]);
  });

  it('not after it landed', () => {
    const { flights, start, joinable } = begin();
    const flight = start();
    flights.finish('k', flight);
    expect(joinable()).toBeUndefined();
    expect(flight.isDetached).toBe(false);
  });

  it('not after its last waiter left: its load was given up', async () => {
    const { start, joinable } = begin();
    const flight = start();
    const leaving = new AbortController();
    const waiting = flight.wait(leaving.signal);
    leaving.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
    expect(joinable()).toBeUndefined();
  });
});

describe('a newer flight of the same key', () => {
  it('detaches the older one: a late old value must not follow a newer one (R2)', () => {
    const { start, joinable } = begin();
    const older = start();
    const newer = start();
    expect([older.isDetached, newer.isDetached]).toEqual([true, false]);
    expect(joinable()).toBe(newer);
  });

  it('is not taken away when the older one finishes', () => {
    const { flights, start, joinable } = begin();
    const older = start();
    const newer = start();
    flights.finish('k', older);
    expect(joinable()).toBe(newer);
  });
});

describe('the waiters of a flight', () => {
  it('all get its value (R5)', async () => {
    const flight = begin().start();
    const waiting = [flight.wait(), flight.wait(), flight.wait(new AbortController().signal)];
    flight.land('v');
    expect(await Promise.all(waiting)).toEqual(['v', 'v', 'v']);
  });

  it('of before an invalidation get their value all the same (R2)', async () => {
    const { flights, start } = begin();
    const flight = start();
    const waiting = flight.wait();
    flights.detach('k');
    flight.land('v');
    expect(await waiting).toBe('v');
  });

  it('all get its error', async () => {
    const flight = begin().start();
    const waiting = [flight.wait(), flight.wait()];
    flight.crash(new Error('source down'));
    const answers = await Promise.allSettled(waiting);
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'rejected']);
  });

  it('leave alone: one that goes does not end the load of the others', async () => {
    const flight = begin().start();
    const leaving = new AbortController();
    const gone = flight.wait(leaving.signal);
    const staying = flight.wait();
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ name: 'AbortError' });
    expect(flight.signal.aborted).toBe(false);
    flight.land('v');
    expect(await staying).toBe('v');
  });

  it('end the load when the last of them has left', async () => {
    const flight = begin().start();
    const leaving = new AbortController();
    const gone = [flight.wait(leaving.signal), flight.wait(leaving.signal)];
    leaving.abort();
    await Promise.allSettled(gone);
    expect(flight.signal.aborted).toBe(true);
    expect(flight.isAbandoned).toBe(true);
  });

  it('do not end anything by leaving once the value is there', async () => {
    const flight = begin().start();
    const waiting = flight.wait();
    flight.land('v');
    await waiting;
    expect(flight.signal.aborted).toBe(false);
  });

  it('whose signal has aborted already do not wait', async () => {
    const flight = begin().start();
    await expect(flight.wait(AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
  });

  it('leave no listener on their signals', async () => {
    const flight = begin().start();
    const { signal } = new AbortController();
    const waiting = flight.wait(signal);
    flight.land('v');
    await waiting;
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it("may all be gone when the load fails: that is nobody's error", async () => {
    const flight = begin().start();
    const leaving = new AbortController();
    const gone = flight.wait(leaving.signal);
    leaving.abort();
    await expect(gone).rejects.toMatchObject({ name: 'AbortError' });
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);
    flight.crash(new Error('source down'));
    await settle();
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });
});
