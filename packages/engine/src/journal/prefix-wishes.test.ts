import { FakeClock, RecordedLog, settle } from '@tidemark/devstack/fakes';
import type { Watch } from '@tidemark/protocol';
import { beforeEach, expect, test } from 'vitest';
import { ScriptedJournal, watched } from '../testing/scripted-journal.ts';
import { PrefixWishes } from './prefix-wishes.ts';

const watch: Watch = new Map([['public.item', watched('main', 'copilot:known')]]);

class FullJournal extends ScriptedJournal {
  asked: string[] = [];
  isFull = true;

  override addPrefix(table: string, prefix: string): Promise<void> {
    this.asked.push(`${table} ${prefix}`);
    return this.isFull ? Promise.reject(new Error('32 prefixes are the most')) : Promise.resolve();
  }
}

let clock: FakeClock;
let log: RecordedLog;
let journal: FullJournal;
let added: number;
let wishes: PrefixWishes;
let ask: (prefix: string) => Promise<void>;

beforeEach(() => {
  clock = new FakeClock();
  log = new RecordedLog();
  journal = new FullJournal();
  added = 0;
  wishes = new PrefixWishes({ keyPrefix: 'copilot', clock, logger: log, onAdded: () => (added += 1) });
  ask = (prefix) => {
    wishes.ask('public.item', prefix, [[journal, watch]]);
    return settle();
  };
});

test('a prefix that is refused is asked for every five seconds, and told once, however many instances repeat it', async () => {
  for (let repeat = 0; repeat < 3; repeat += 1) await ask('copilot:one');
  expect(journal.asked).toEqual(['public.item copilot:one']);
  clock.jump(5_000);
  for (let repeat = 0; repeat < 3; repeat += 1) await ask('copilot:one');
  expect(journal.asked).toHaveLength(2);
  expect(log.told('warn')).toEqual(['a prefix could not be added to the watch']);
});

test('another watch may have a place again: what it lacks is asked for at once', async () => {
  await ask('copilot:one');
  journal.isFull = false;
  wishes.forget();
  await ask('copilot:one');
  expect(journal.asked).toHaveLength(2);
  expect(added).toBe(1);
});

test('strangers who invent prefixes fill no more than a bound, and nothing that is known or not ours is asked for', async () => {
  await ask('copilot:known');
  await ask('other:one');
  expect(journal.asked).toEqual([]);
  for (let invented = 0; invented < 1_100; invented += 1) await ask(`copilot:${invented}`);
  expect(journal.asked).toHaveLength(1_000);
});
