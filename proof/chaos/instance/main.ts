// An instance process: one cache under load, in a process of its own, so that it can be killed, stopped and cut off like
// one. Answers the conductor's questions, sends its history in batches.
import { systemClock } from '@tidemark/protocol';
import { setTimeout as pause } from 'node:timers/promises';
import { keyCount, keyName, keyNumber, ownKeys, ttlMs } from '../keys.ts';
import { connectDatabase } from '../parts/database.ts';
import type { InstanceSettings, Question } from '../parts/messages.ts';
import { answerParent, readSettings, tell } from '../parts/parent.ts';
import { RowWriter } from '../parts/row-writer.ts';
import { naiveCache } from '../naive/naive-cache.ts';
import { seededRandom } from '../seeded-random.ts';
import { countAsks, countLoads } from './counted-cache.ts';
import { JumpingClock } from './jumping-clock.ts';
import { InstanceLoad } from './load.ts';
import { LoadLedger } from './load-ledger.ts';
import { itemSource } from './source.ts';
import { tidemarkCache } from './tidemark-cache.ts';

const flushEveryMs = 200;
const surveyAttempts = 100;
/** TTLs are jittered by a tenth. */
const keptMs = 0.9 * ttlMs;

const settings = readSettings() as InstanceSettings;
const pool = connectDatabase(settings.databaseUrl, 20);
const clock = new JumpingClock();
const { boundMs, contestant } = settings;
const hasLease = (): boolean => bare.status().isReady;
const ledger = new LoadLedger({ keyCount, boundMs, keptMs, clock, hasLease });
const chance = seededRandom(settings.seed).fork('late');
let mostLateMs = 0;
const bare = (contestant === 'naive' ? naiveCache : tidemarkCache)({
  settings,
  clock,
  load: countLoads(
    itemSource(pool, () => mostLateMs * chance.next()),
    ledger,
  ),
  onOvertaken: (names) => ledger.overtake(names?.map(keyNumber) ?? null),
});
const cache = countAsks(bare, ledger);

const own = ownKeys(settings.slot);
const writer = new RowWriter(pool);
for (const commit of await writer.learn(own)) tell({ kind: 'commit', commit });
const tasks = new InstanceLoad({ cache, writer, own, random: seededRandom(settings.seed) });

function flushForEver(): void {
  tasks.flush();
  systemClock.schedule(flushEveryMs, flushForEver);
}

async function survey(): Promise<number[]> {
  const versions: number[] = [];
  for (let key = 0; key < keyCount; key += 1) versions.push(await surveyOne(keyName(key)));
  return versions;
}

/** The source may still be recovering: what counts is the first answer. */
async function surveyOne(name: string): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      const item = cache.peek(name) ?? (await cache.get(name));
      return item?.version ?? -1;
    } catch (error) {
      if (attempt === surveyAttempts) throw error;
      await pause(flushEveryMs / 4);
    }
  }
}

/** Questions that only want something done are answered with null. */
async function answer(question: Question): Promise<unknown> {
  switch (question.kind) {
    case 'rest':
      await tasks.writeGate.close();
      if (question.readers) await tasks.readGate.close();
      break;
    case 'go':
      tasks.writeGate.open();
      tasks.readGate.open();
      break;
    case 'flush':
      tasks.flush();
      return ledger.take();
    case 'status':
      return cache.status();
    case 'survey':
      return survey();
    case 'close':
      await cache.close();
      break;
    case 'reload':
      // Whether they succeed is of no account: they are on their way.
      for (let key = 0; key < keyCount; key += 1) cache.getFresh(keyName(key)).catch(() => undefined);
      break;
    case 'late':
      mostLateMs = question.mostMs;
      break;
    case 'jump':
      clock.jump(question.wallMs, question.monotonicMs);
      break;
  }
  return null;
}

flushForEver();
answerParent(answer);
