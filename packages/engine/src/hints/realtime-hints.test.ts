import { FakeClock, RecordedLog } from '@tidemark/devstack/fakes';
import type { Watch } from '@tidemark/protocol';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { FakeRealtime } from '../testing/fake-realtime.ts';
import { watched } from '../testing/scripted-journal.ts';
import type { Hint, HintHost, HintSource } from './hint-source.ts';
import { type RealtimeHintKind, realtimeHints } from './realtime-hints.ts';

const watch: Watch = new Map([
  ['copilot_internal.policies', watched('main')],
  ['public.flags', watched('main')],
]);

let realtime: FakeRealtime;
let clock: FakeClock;
let rings: (Hint | undefined)[];
let source: HintSource;
let host: { -readonly [name in keyof HintHost]: HintHost[name] };

beforeEach(() => {
  realtime = new FakeRealtime();
  clock = new FakeClock();
  rings = [];
  host = { ring: (hint) => rings.push(hint), watchPrefix: () => {} };
});

afterEach(() => source.close());

function make(kinds?: readonly RealtimeHintKind[]): void {
  const logger = new RecordedLog();
  source = realtimeHints({ supabase: realtime.client, logger, clock, ...(kinds && { kinds }) });
}

function states(): Record<string, string> {
  return Object.fromEntries(source.status().map(({ name, state }) => [name, state]));
}

describe('the hints of Realtime', () => {
  test('subscribe to nothing before the start', () => {
    make();
    source.follow(watch);
    expect(realtime.channels.filter(({ isSubscribed }) => isSubscribed)).toEqual([]);
  });

  test('are a private broadcast, the journal, and each watched table on a channel of its own (RT1)', () => {
    make();
    source.start(host);
    source.follow(watch);
    expect(realtime.channels.map(({ topic, options, filters }) => [topic, options, filters[0]])).toEqual([
      ['tidemark', { config: { private: true } }, { event: 'change' }],
      [
        'tidemark-changes:tidemark.change:1',
        undefined,
        { event: 'INSERT', schema: 'tidemark', table: 'change' },
      ],
      [
        'tidemark-changes:copilot_internal.policies:1',
        undefined,
        { event: '*', schema: 'copilot_internal', table: 'policies' },
      ],
      ['tidemark-changes:public.flags:1', undefined, { event: '*', schema: 'public', table: 'flags' }],
    ]);
    expect(realtime.channels.every(({ isSubscribed }) => isSubscribed)).toBe(true);
  });

  test('follow a table once, however often the watch is told', () => {
    make();
    source.start(host);
    source.follow(watch);
    source.follow(watch);
    expect(realtime.channels).toHaveLength(4);
  });

  test.each([
    [['broadcast'], ['broadcast']],
    [
      ['changes'],
      ['changes of tidemark.change', 'changes of copilot_internal.policies', 'changes of public.flags'],
    ],
  ] as const)('may be %j alone', (kinds, names) => {
    make(kinds);
    source.start(host);
    source.follow(watch);
    expect(Object.keys(states())).toEqual(names);
  });

  test('may be early when broadcast: they are sent before other sessions see the commit', () => {
    make();
    source.start(host);
    realtime.channel('tidemark').say('broadcast', {});
    const broadcast = realtime.channels[0];
    broadcast?.becomes('SUBSCRIBED');
    rings = [];
    broadcast?.say('broadcast', {});
    realtime.channel('tidemark.change').say('postgres_changes', {});
    expect(rings).toEqual([{ mayBeEarly: true }, {}]);
  });

  test('name the table that changed, where the message holds one', () => {
    make();
    source.start(host);
    source.follow(watch);
    rings = [];
    const [broadcast] = realtime.channels;
    const journal = realtime.channel('tidemark.change');
    broadcast?.say('broadcast', { payload: { table: 'public.flags' } });
    broadcast?.say('broadcast', { payload: { table: 7 } });
    journal.say('postgres_changes', { new: { tbl: 'copilot_internal.policies' } });
    journal.say('postgres_changes', { new: {}, errors: ['Error 401: Unauthorized'] });
    realtime.channel('public.flags').say('postgres_changes', { new: { id: 1 } });
    expect(rings.map((hint) => hint?.table)).toEqual([
      'public.flags',
      undefined,
      'copilot_internal.policies',
      undefined,
      'public.flags',
    ]);
  });

  test('are judged where every change must be announced, not on the channel of one table', async () => {
    make();
    source.start(host);
    source.follow(watch);
    for (const channel of realtime.channels) channel.joins();
    source.expect({ sinceMs: clock.monotonicMs(), tables: ['public.flags'], changes: [] });
    await clock.advance(1_000);
    expect(states()['broadcast']).toBe('silent');
    expect(states()['changes of tidemark.change']).toBe('listening');
    await clock.advance(2_000);
    expect(states()['changes of tidemark.change']).toBe('silent');
    expect(states()['changes of public.flags']).toBe('listening');
  });

  test.each<[string, readonly string[], string]>([
    ['of a table that sends no broadcast is missed by nobody', ['public.quiet'], 'listening'],
    ['of such a table and another one is missed', ['public.quiet', 'public.flags'], 'silent'],
    ['of a table that is not followed any more is missed', ['public.gone'], 'silent'],
  ])('a change %s', async (_what, tables, state) => {
    make();
    source.start(host);
    source.follow(new Map([...watch, ['public.quiet', { ...watched('main'), isQuiet: true }]]));
    for (const channel of realtime.channels) channel.joins();
    source.expect({ sinceMs: clock.monotonicMs(), tables, changes: [] });
    await clock.advance(1_000);
    expect(states()['broadcast']).toBe(state);
    await clock.advance(2_000);
    // The journal is published to Realtime whatever the triggers send.
    expect(states()['changes of tidemark.change']).toBe('silent');
  });

  test('recognise a change by table and transaction, in a broadcast and in a row of the journal', () => {
    const settled: unknown[] = [];
    host.settle = (hint, { outcome }) => settled.push([hint, outcome]);
    make();
    source.start(host);
    source.follow(watch);
    for (const channel of realtime.channels) channel.joins();
    const madeMs = clock.monotonicMs();
    const changes = ['7', '8'].map((xid) => ({ table: 'public.flags', xid, madeMs }));
    source.expect({ sinceMs: madeMs, tables: ['public.flags'], changes });
    realtime.channels[0]?.say('broadcast', { payload: { table: 'public.flags', xid: '7', id: 'a' } });
    realtime.channel('tidemark.change').say('postgres_changes', { new: { tbl: 'public.flags', xid: '8' } });
    realtime.channel('public.flags').say('postgres_changes', { new: { id: 'f1' } });
    expect(settled).toEqual([
      ['broadcast', 'in time'],
      ['changes of tidemark.change', 'in time'],
    ]);
    expect(source.status().map(({ announced }) => announced?.inTime)).toEqual([1, 1, undefined, undefined]);
  });

  test('that do not say what they announce count for whatever waits', () => {
    make();
    source.start(host);
    source.follow(watch);
    for (const channel of realtime.channels) channel.joins();
    const madeMs = clock.monotonicMs();
    const changes = ['7', '8'].map((xid) => ({ table: 'public.flags', xid, madeMs }));
    source.expect({ sinceMs: madeMs, tables: ['public.flags'], changes });
    realtime.channels[0]?.say('broadcast', { payload: { table: 'public.flags' } });
    realtime.channel('tidemark.change').say('postgres_changes', { new: {}, errors: ['Error 413'] });
    expect(source.status().map(({ announced }) => announced?.inTime)).toEqual([2, 2, undefined, undefined]);
  });

  test('do not count the changes of a table that sends no broadcast as lost ones', async () => {
    make();
    source.start(host);
    source.follow(new Map([...watch, ['public.quiet', { ...watched('main'), isQuiet: true }]]));
    for (const channel of realtime.channels) channel.joins();
    const changes = [{ table: 'public.quiet', xid: '7', madeMs: clock.monotonicMs() }];
    source.expect({ sinceMs: clock.monotonicMs(), tables: ['public.quiet'], changes });
    await clock.advance(60_000);
    expect(
      source
        .status()
        .map(({ announced }) => announced?.never)
        .slice(0, 2),
    ).toEqual([0, 1]);
  });

  test('end with the client they were given: channels left, socket closed, no timer', async () => {
    make();
    source.start(host);
    source.follow(watch);
    for (const channel of realtime.channels) channel.becomes('CHANNEL_ERROR');
    await source.close();
    expect(realtime.removed).toHaveLength(4);
    expect(realtime.isDisconnected).toBe(true);
    expect(clock.pending).toBe(0);
    expect(new Set(Object.values(states()))).toEqual(new Set(['closed']));
  });
});
