import { FakeClock, RecordedLog, settle } from '@tidemark/devstack/fakes';
import { isContinuous, type Journal, type JournalRead } from '@tidemark/protocol';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeRealtime } from '../testing/fake-realtime.ts';
import { realtimeJournal } from './realtime-journal.ts';

const flags = { table: 'public.flags', key: ['id'], prefixes: ['copilot:flags'] };
const texts = { table: 'public.texts', key: ['tenant', 'id'], prefixes: ['copilot:texts'] };

let realtime: FakeRealtime;
let clock: FakeClock;
let log: RecordedLog;
let rings: number;

beforeEach(() => {
  realtime = new FakeRealtime();
  clock = new FakeClock();
  log = new RecordedLog();
  rings = 0;
});

function journalOf(tables = [flags]): Journal {
  return realtimeJournal({
    supabase: realtime.client,
    tables,
    clock,
    logger: log,
    onChange: () => {
      rings += 1;
    },
  });
}

function read(
  journal: Journal,
  since: string | null,
  knownWatchHash: string | null = null,
): Promise<JournalRead> {
  return journal.read({ since, knownWatchHash, signal: new AbortController().signal });
}

/** A journal that has been read once, so that its channels exist, and that has joined. */
async function listening(tables = [flags]): Promise<Journal> {
  const journal = journalOf(tables);
  await expect(read(journal, null)).rejects.toMatchObject({ code: 'JOURNAL_UNREADABLE' });
  for (const channel of realtime.channels) channel.joins();
  return journal;
}

function update(id: string, changed: object = {}): object {
  return {
    schema: 'public',
    table: 'flags',
    eventType: 'UPDATE',
    errors: null,
    old: { id },
    new: { id },
    ...changed,
  };
}

describe('a journal fed by Realtime alone', () => {
  it('subscribes when it is first read, one channel without a filter per table', async () => {
    const journal = journalOf([flags, texts]);
    expect(realtime.channels).toHaveLength(0);
    await expect(read(journal, null)).rejects.toThrow('best effort for public.flags hears nothing (joining)');
    expect(realtime.channels.map(({ filters }) => filters[0])).toEqual([
      { event: '*', schema: 'public', table: 'flags' },
      { event: '*', schema: 'public', table: 'texts' },
    ]);
    await expect(read(journal, null)).rejects.toThrow('hears nothing');
    expect(realtime.channels).toHaveLength(2);
  });

  it('proves nothing while SUBSCRIBED is all it was told', async () => {
    const journal = journalOf();
    await expect(read(journal, null)).rejects.toThrow();
    realtime.channel('flags').becomes('SUBSCRIBED');
    await expect(read(journal, null)).rejects.toMatchObject({ code: 'JOURNAL_UNREADABLE' });
  });

  it('proves nothing while one of several channels is deaf', async () => {
    const journal = journalOf([flags, texts]);
    await expect(read(journal, null)).rejects.toThrow();
    realtime.channel('flags').joins();
    await expect(read(journal, null)).rejects.toThrow('best effort for public.texts');
    realtime.channel('texts').joins();
    await expect(read(journal, null)).resolves.toMatchObject({ changes: [], wasPruned: false });
  });

  it('labels its tables, in a namespace of their own', async () => {
    const journal = await listening();
    const { watch, cursor, ...rest } = await read(journal, null);
    expect(Object.fromEntries(watch ?? [])).toEqual({
      'public.flags': {
        namespace: 'best-effort',
        prefixes: ['copilot:flags'],
        problem: null,
        isBestEffort: true,
      },
    });
    expect(rest).toMatchObject({ isInRecovery: false, wentBack: false });
    expect((await read(journal, null, cursor.watchHash)).watch).toBeNull();
  });

  it('returns the events after a cursor, as continuous changes', async () => {
    const journal = await listening();
    const { cursor } = await read(journal, null);
    realtime.channel('flags').say('postgres_changes', update('a'));
    realtime.channel('flags').say('postgres_changes', update('b', { new: { id: 'c' } }));
    const next = await read(journal, cursor.snapshot);
    expect(next.changes).toEqual([
      { table: 'public.flags', keys: ['a'] },
      { table: 'public.flags', keys: ['b', 'c'] },
    ]);
    expect(isContinuous(cursor, next)).toBe(true);
    expect((await read(journal, next.cursor.snapshot)).changes).toEqual([]);
  });

  it('rings for each event, and for the moment from which it listens', async () => {
    await listening();
    expect(rings).toBe(1);
    realtime.channel('flags').say('postgres_changes', update('a'));
    expect(rings).toBe(2);
  });

  it('passes over a table whose name only resembles the one it follows', async () => {
    const journal = await listening([{ ...flags, table: 'public.my_flags' }]);
    const { cursor } = await read(journal, null);
    realtime.channel('flags').say('postgres_changes', update('a', { table: 'my-flags' }));
    expect((await read(journal, cursor.snapshot)).changes).toEqual([]);
    expect(rings).toBe(1);
  });

  it('names the whole table for an event with errors', async () => {
    const journal = await listening();
    const { cursor } = await read(journal, null);
    realtime
      .channel('flags')
      .say('postgres_changes', update('a', { errors: ['Error 413: Payload Too Large'] }));
    expect((await read(journal, cursor.snapshot)).changes).toEqual([{ table: 'public.flags', keys: null }]);
  });

  it('names the whole table when the server says ok once more', async () => {
    const journal = await listening();
    const { cursor } = await read(journal, null);
    realtime.channel('flags').joins();
    expect((await read(journal, cursor.snapshot)).changes).toEqual([{ table: 'public.flags', keys: null }]);
  });

  it('is deaf from the loss of its channel until a new one is told ok, and then names the whole table', async () => {
    const journal = await listening();
    const { cursor } = await read(journal, null);
    const lost = realtime.channel('flags');
    lost.becomes('CHANNEL_ERROR', new Error('socket closed: 1006'));
    await expect(read(journal, cursor.snapshot)).rejects.toThrow('socket closed: 1006');
    await clock.advance(500);
    expect(realtime.removed).toEqual([lost]);
    expect(realtime.channel('flags')).not.toBe(lost);
    await expect(read(journal, cursor.snapshot)).rejects.toThrow('hears nothing');
    realtime.channel('flags').joins();
    const next = await read(journal, cursor.snapshot);
    expect(next.changes).toEqual([{ table: 'public.flags', keys: null }]);
    expect(isContinuous(cursor, next)).toBe(true);
  });

  it('tells a cursor of another process that its changes are gone', async () => {
    const other = await listening();
    const { cursor } = await read(other, null);
    const journal = await listening();
    const next = await read(journal, cursor.snapshot);
    expect(next).toMatchObject({ wasPruned: true, changes: [] });
    expect(isContinuous(cursor, next)).toBe(false);
  });

  it('starts anew, for everybody, when a prefix is added', async () => {
    const journal = await listening();
    const { cursor } = await read(journal, null);
    await journal.addPrefix('public.flags', 'copilot:other');
    const next = await read(journal, cursor.snapshot, cursor.watchHash);
    expect(next.watch?.get('public.flags')?.prefixes).toEqual(['copilot:flags', 'copilot:other']);
    expect(isContinuous(cursor, next)).toBe(false);
  });

  it('has the same watch in two processes that learnt the same prefixes in another order', async () => {
    const hashes = [];
    for (const added of [
      ['copilot:b', 'copilot:a'],
      ['copilot:a', 'copilot:b'],
    ]) {
      const journal = await listening();
      for (const prefix of added) await journal.addPrefix('public.flags', prefix);
      hashes.push((await read(journal, null)).cursor.watchHash);
    }
    expect(hashes[0]).toBe(hashes[1]);
  });

  it('takes a change by hand like one it heard', async () => {
    const journal = await listening();
    const { cursor } = await read(journal, null);
    await journal.invalidate('public.flags', ['a']);
    expect((await read(journal, cursor.snapshot)).changes).toEqual([{ table: 'public.flags', keys: ['a'] }]);
    expect(rings).toBe(2);
  });

  it('refuses a table that it does not follow', async () => {
    const journal = await listening();
    await expect(journal.invalidate('public.other', null)).rejects.toMatchObject({ code: 'TABLE_UNKNOWN' });
    await expect(journal.addPrefix('public.other', 'p')).rejects.toThrow('there are: public.flags');
  });

  it('gives out generations that grow: past what is known, and with the time', async () => {
    const journal = await listening();
    const first = await journal.nextGeneration(0);
    expect(first).toBeGreaterThanOrEqual(clock.wallMs());
    const second = await journal.nextGeneration(0);
    expect(second).toBeGreaterThan(first);
    expect(await journal.nextGeneration(second + 1_000_000)).toBe(second + 1_000_001);
    expect(await journal.nextGeneration(0)).toBeGreaterThan(second + 1_000_001);
  });

  it('leaves nothing behind when it is closed', async () => {
    const journal = await listening();
    realtime.channel('flags').becomes('TIMED_OUT');
    await journal.close();
    expect(clock.pending).toBe(0);
    expect(realtime.isDisconnected).toBe(true);
    await settle();
    expect(realtime.channels).toHaveLength(1);
    expect(realtime.removed).toHaveLength(1);
  });
});
