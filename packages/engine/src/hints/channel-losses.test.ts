// What a channel that has to announce every change tells of what it lost. Its states are tested in
// realtime-channel.test.ts.
import { FakeClock, RecordedLog } from '@tidemark/devstack/fakes';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeChannel, FakeRealtime } from '../testing/fake-realtime.ts';
import type { ChangeName, Settled } from './loss-meter.ts';
import { WatchedChannel } from './realtime-channel.ts';

const graceMs = 1_000;
const firstPauseMs = 500;

let realtime: FakeRealtime;
let clock: FakeClock;
let log: RecordedLog;
let channel: WatchedChannel;
let settled: Settled[];
let rings: number;

beforeEach(() => {
  realtime = new FakeRealtime();
  clock = new FakeClock();
  log = new RecordedLog();
  settled = [];
  const { client: supabase } = realtime;
  channel = new WatchedChannel({
    supabase,
    name: 'bell',
    open: (attempt, heard) =>
      supabase
        .channel(`topic-${attempt}`)
        .on('broadcast', { event: 'change' }, ({ payload }: { payload: ChangeName }) => heard(payload)),
    needsSystemOk: true,
    graceMs,
    clock,
    logger: log,
    ring: () => {
      rings += 1;
    },
    onSettled: (one) => settled.push(one),
  });
  channel.start();
  latest().joins();
  rings = 0;
});

afterEach(() => channel.close());

function latest(): FakeChannel {
  return realtime.channel('topic');
}

function findOne(xid: string): void {
  const madeMs = clock.monotonicMs();
  channel.expect(madeMs, [{ table: 'a.t', xid, madeMs }]);
}

function announce(xid: string): void {
  latest().say('broadcast', { payload: { table: 'a.t', xid } });
}

describe('a channel that has to announce every change', () => {
  test('and loses one while it announces others tells so once, counts it, and stays', async () => {
    for (const xid of ['7', '8', '9']) {
      findOne(xid);
      announce(xid === '9' ? xid : 'another');
      await clock.advance(20 * graceMs);
    }
    expect(channel.status()).toMatchObject({
      state: 'listening',
      silences: 0,
      rebuilds: 0,
      announced: { inTime: 1, late: 0, never: 2, away: 0 },
    });
    expect(log.told('warn')).toEqual([
      'hint source lost a change while it announced others, a round found it',
    ]);
  });

  test('rings for none that a round has published already: that one was rung for by somebody else', () => {
    announce('6');
    expect(rings).toBe(1);
    findOne('7');
    announce('7');
    expect(rings).toBe(1);
    expect(channel.status()).toMatchObject({ heard: 2, announced: { inTime: 1 } });
    announce('8');
    expect(rings).toBe(2);
  });

  test('rings for what does not say which change it is, also when all that are known are published', () => {
    findOne('7');
    latest().say('broadcast', { payload: {} });
    expect(rings).toBe(1);
  });

  test('is silent from the very change on that it keeps to itself, whatever it said right before', async () => {
    announce('6');
    await clock.advance(1);
    findOne('7');
    await clock.advance(graceMs);
    expect(channel.status()).toMatchObject({ state: 'silent', silences: 1 });
  });

  test('is not silent when it announced all that a round found before the round', async () => {
    announce('7');
    const madeMs = clock.monotonicMs() + 5;
    await clock.advance(50);
    channel.expect(clock.monotonicMs() - 10, [{ table: 'a.t', xid: '7', madeMs }]);
    await clock.advance(20 * graceMs);
    expect(channel.status()).toMatchObject({ state: 'listening', silences: 0, announced: { inTime: 1 } });
  });

  test('and is silent has lost what it did not announce, and is away until another one listens', async () => {
    findOne('7');
    await clock.advance(graceMs);
    expect(settled.map(({ outcome }) => outcome)).toEqual(['never']);
    findOne('8');
    expect(settled.map(({ outcome }) => outcome)).toEqual(['never', 'away']);
    await clock.advance(firstPauseMs);
    latest().joins();
    findOne('9');
    announce('9');
    expect(settled.map(({ outcome }) => outcome)).toEqual(['never', 'away', 'in time']);
    expect(channel.status()).toMatchObject({ silences: 1, rebuilds: 1 });
    expect(log.told('warn')).toHaveLength(1);
  });

  test('is built anew with the token of then: the one it joined with may have expired (RT10)', async () => {
    latest().say('system', { extension: 'postgres_changes', status: 'error', message: 'token expired' });
    expect(realtime.refreshes).toBe(0);
    await clock.advance(firstPauseMs);
    expect(realtime.refreshes).toBe(1);
    expect(realtime.channels).toHaveLength(2);
  });
});
