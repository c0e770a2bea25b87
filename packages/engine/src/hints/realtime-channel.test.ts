import { FakeClock, RecordedLog, settle } from '@tidemark/devstack/fakes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeChannel, FakeRealtime } from '../testing/fake-realtime.ts';
import { WatchedChannel } from './realtime-channel.ts';

const graceMs = 1_000;
const firstPauseMs = 500;

let realtime: FakeRealtime;
let clock: FakeClock;
let log: RecordedLog;
let rings: number;
let channel: WatchedChannel;

beforeEach(() => {
  realtime = new FakeRealtime();
  clock = new FakeClock();
  log = new RecordedLog();
  rings = 0;
});

afterEach(() => channel.close());

/** Starts the channel; `latest()` is what it made. */
function start(needsSystemOk = true): void {
  const { client: supabase } = realtime;
  channel = new WatchedChannel({
    supabase,
    name: 'bell',
    open: (attempt, heard) =>
      supabase.channel(`topic-${attempt}`).on('broadcast', { event: 'change' }, () => heard({})),
    needsSystemOk,
    graceMs,
    clock,
    logger: log,
    ring: () => {
      rings += 1;
    },
  });
  channel.start();
}

function latest(): FakeChannel {
  return realtime.channel('topic');
}

function startListening(): void {
  start();
  latest().joins();
}

/** A round found a change made after the round before it, which began then. */
function findChange(sinceMs: number): void {
  channel.expect(sinceMs, []);
}

describe('a channel listens', () => {
  test('only after the system message says ok, where changes are wanted: SUBSCRIBED proves nothing (RT1)', () => {
    start();
    latest().becomes('SUBSCRIBED');
    expect(channel.status()).toMatchObject({ state: 'joining' });
    expect(rings).toBe(0);
    latest().say('system', { extension: 'postgres_changes', status: 'ok' });
    expect(channel.status()).toMatchObject({ name: 'bell', state: 'listening', heard: 0, silences: 0 });
  });

  test('at once when it has subscribed, where broadcasts are wanted', () => {
    start(false);
    latest().becomes('SUBSCRIBED');
    expect(channel.status().state).toBe('listening');
  });

  test('not because another extension says ok', () => {
    start();
    latest().say('system', { extension: 'presence', status: 'ok' });
    expect(channel.status().state).toBe('joining');
  });

  test('and rings then, because what was committed before went unannounced (RT2)', () => {
    startListening();
    expect(rings).toBe(1);
    latest().say('system', { extension: 'postgres_changes', status: 'ok' });
    expect(rings).toBe(2);
    expect(log.told('info')).toEqual(['hint source is listening']);
  });

  test('and rings for each message, and counts it', () => {
    startListening();
    latest().say('broadcast', {});
    latest().say('broadcast', {});
    expect(rings).toBe(3);
    expect(channel.status().heard).toBe(2);
  });
});

describe('a channel that is refused', () => {
  test('by the system message says why, and is built anew (RT1: the server never retries)', async () => {
    start();
    latest().becomes('SUBSCRIBED');
    latest().say('system', { extension: 'postgres_changes', status: 'error', message: 'bad table' });
    expect(channel.status()).toMatchObject({ state: 'refused', reason: 'bad table' });
    await clock.advance(firstPauseMs - 1);
    expect(realtime.channels).toHaveLength(1);
    await clock.advance(1);
    expect(realtime.channels.map(({ topic }) => topic)).toEqual(['topic-1', 'topic-3']);
    expect(realtime.removed).toEqual([realtime.channels[0]]);
    expect(channel.status().state).toBe('joining');
  });

  test.each(['CHANNEL_ERROR', 'TIMED_OUT', 'CLOSED'] as const)('by %s is built anew', async (status) => {
    startListening();
    latest().becomes(status);
    expect(channel.status()).toMatchObject({ state: 'refused', reason: status });
    await clock.advance(firstPauseMs);
    latest().joins();
    expect(channel.status()).toMatchObject({ name: 'bell', state: 'listening', heard: 0, silences: 0 });
  });

  test('with an error tells its message', () => {
    start();
    latest().becomes('CHANNEL_ERROR', new Error('token expired'));
    expect(channel.status().reason).toBe('token expired');
  });

  test('is told once, however often it is refused for the same reason, and once when it listens again', async () => {
    start();
    for (let attempt = 0; attempt < 5; attempt += 1) {
      latest().becomes('TIMED_OUT');
      await clock.advance(30_000);
    }
    latest().joins();
    expect(log.lines.map(({ level, fields }) => [level, fields])).toEqual([
      ['warn', { hint: 'bell', state: 'refused', reason: 'TIMED_OUT' }],
      ['info', { hint: 'bell' }],
    ]);
  });

  test('is tried after pauses that double, up to half a minute', async () => {
    start();
    const pauses: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      latest().becomes('TIMED_OUT');
      const { length } = realtime.channels;
      const failedMs = clock.monotonicMs();
      while (realtime.channels.length === length) await clock.advance(100);
      pauses.push(clock.monotonicMs() - failedMs);
    }
    expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  test('starts with the short pause again after it has heard something', async () => {
    start();
    latest().becomes('TIMED_OUT');
    await clock.advance(firstPauseMs);
    latest().joins();
    latest().say('broadcast', {});
    latest().becomes('CLOSED');
    await clock.advance(firstPauseMs);
    expect(realtime.channels).toHaveLength(3);
  });

  test('is done with: nothing its old channel still says counts', async () => {
    start();
    const old = latest();
    old.becomes('CHANNEL_ERROR');
    old.becomes('CLOSED');
    old.joins();
    expect(channel.status()).toMatchObject({ state: 'refused', reason: 'CHANNEL_ERROR' });
    await clock.advance(firstPauseMs);
    old.joins();
    expect(channel.status().state).toBe('joining');
    await clock.advance(60_000);
    expect(realtime.channels).toHaveLength(2);
  });

  test('is built anew also when leaving the old channel fails', async () => {
    start();
    realtime.removal = () => Promise.reject(new Error('no socket'));
    latest().becomes('CLOSED');
    await clock.advance(firstPauseMs);
    expect(realtime.channels).toHaveLength(2);
  });
});

describe('a channel is silent', () => {
  test('when a round found a change and its grace passes without a word (RT4)', async () => {
    startListening();
    const sinceMs = clock.monotonicMs();
    await clock.advance(100);
    findChange(sinceMs);
    await clock.advance(graceMs - 1);
    expect(channel.status().state).toBe('listening');
    await clock.advance(1);
    expect(channel.status()).toMatchObject({ state: 'silent', silences: 1 });
    expect(log.told('warn')).toHaveLength(1);
    await clock.advance(firstPauseMs);
    latest().joins();
    expect(channel.status().state).toBe('listening');
    expect(realtime.channels).toHaveLength(2);
  });

  test('not when it announces the change within its grace', async () => {
    startListening();
    findChange(clock.monotonicMs());
    await clock.advance(graceMs - 1);
    latest().say('broadcast', {});
    await clock.advance(graceMs);
    expect(channel.status()).toMatchObject({ state: 'listening', silences: 0 });
  });

  test('not when it had announced the change before the round found it', async () => {
    startListening();
    const sinceMs = clock.monotonicMs();
    await clock.advance(50);
    latest().say('broadcast', {});
    await clock.advance(50);
    findChange(sinceMs);
    expect(clock.pending).toBe(0);
  });

  test('not when it announced the change so early that the round it rang for found nothing', async () => {
    startListening();
    await clock.advance(1_000);
    latest().say('broadcast', {});
    // The round after the bell begins now and reads too early; one of its follow-ups finds the change.
    await clock.advance(1);
    findChange(clock.monotonicMs());
    await clock.advance(2 * graceMs);
    expect(channel.status()).toMatchObject({ state: 'listening', silences: 0 });
  });

  test('also when it had announced other changes long before', async () => {
    startListening();
    latest().say('broadcast', {});
    await clock.advance(1_000);
    findChange(clock.monotonicMs());
    await clock.advance(graceMs);
    expect(channel.status().state).toBe('silent');
  });

  test('not for changes of before it listened', async () => {
    start();
    const sinceMs = clock.monotonicMs();
    await clock.advance(10);
    latest().joins();
    findChange(sinceMs);
    await clock.advance(2 * graceMs);
    expect(channel.status()).toMatchObject({ state: 'listening', silences: 0 });
  });

  test('not while it joins or waits to be built anew', async () => {
    start();
    findChange(clock.monotonicMs());
    latest().becomes('TIMED_OUT');
    findChange(clock.monotonicMs());
    await clock.advance(firstPauseMs);
    await clock.advance(2 * graceMs);
    expect(channel.status()).toMatchObject({ state: 'joining', silences: 0 });
  });

  test('not for what its former channel missed: the new one is judged by its own changes', async () => {
    startListening();
    findChange(clock.monotonicMs());
    latest().becomes('CLOSED');
    await clock.advance(firstPauseMs);
    latest().joins();
    await clock.advance(graceMs);
    expect(channel.status()).toMatchObject({ state: 'listening', silences: 0 });
    findChange(clock.monotonicMs());
    await clock.advance(graceMs);
    expect(channel.status()).toMatchObject({ state: 'silent', silences: 1 });
  });

  test('once for any number of changes within one grace', async () => {
    startListening();
    for (let round = 0; round < 5; round += 1) {
      findChange(clock.monotonicMs());
      await clock.advance(100);
    }
    await clock.advance(graceMs);
    expect(channel.status().silences).toBe(1);
    expect(log.told('warn')).toHaveLength(1);
  });

  test('each time it misses a change after it was built anew: every change of state is told', async () => {
    startListening();
    for (let silence = 1; silence <= 3; silence += 1) {
      findChange(clock.monotonicMs());
      await clock.advance(graceMs);
      expect(channel.status()).toMatchObject({ state: 'silent', silences: silence });
      await clock.advance(30_000);
      latest().joins();
    }
    expect(log.told('warn')).toHaveLength(3);
    expect(log.told('info')).toHaveLength(4);
  });
});

describe('a channel that is closed', () => {
  test('leaves, and no timer stays', async () => {
    startListening();
    findChange(clock.monotonicMs());
    await channel.close();
    expect(clock.pending).toBe(0);
    expect(realtime.removed).toEqual(realtime.channels);
    expect(channel.status().state).toBe('closed');
  });

  test('during a pause is not built anew', async () => {
    start();
    latest().becomes('CLOSED');
    await channel.close();
    expect(clock.pending).toBe(0);
    await clock.advance(60_000);
    expect(realtime.channels).toHaveLength(1);
  });

  test('while it leaves its old channel is not built anew', async () => {
    start();
    const left = Promise.withResolvers<string>();
    realtime.removal = () => left.promise;
    latest().becomes('CLOSED');
    await clock.advance(firstPauseMs);
    const closed = channel.close();
    left.resolve('ok');
    await closed;
    await settle();
    expect(realtime.channels).toHaveLength(1);
    expect(channel.status().state).toBe('closed');
  });

  test('stays closed, whatever still arrives', async () => {
    startListening();
    const old = latest();
    await channel.close();
    const before = rings;
    old.joins();
    old.becomes('CHANNEL_ERROR');
    findChange(clock.monotonicMs());
    expect(channel.status().state).toBe('closed');
    expect(rings).toBe(before);
    expect(clock.pending).toBe(0);
  });
});
