// The writer process: changes rows by plain SQL, past every cache, as a dashboard or another service would. Reports each
// commit with the moment at which it knew.
import { setTimeout as pause } from 'node:timers/promises';
import { sharedKeys } from '../keys.ts';
import { connectDatabase } from '../parts/database.ts';
import { Gate } from '../parts/gate.ts';
import type { WriterSettings } from '../parts/messages.ts';
import { answerParent, readSettings, tell } from '../parts/parent.ts';
import { RowWriter } from '../parts/row-writer.ts';
import { seededRandom } from '../seeded-random.ts';

const tasks = 6;
const mostPauseMs = 60;

const { databaseUrl, seed } = readSettings() as WriterSettings;
const writer = new RowWriter(connectDatabase(databaseUrl, tasks));
const gate = new Gate();
const random = seededRandom(seed);

async function writeForEver(): Promise<never> {
  for (;;) {
    await gate.pass(async () => {
      // Some rows change several times a second, others hardly once a row of the report: what is stale there stays so.
      const key = sharedKeys.from + Math.floor(sharedKeys.count * random.next() ** 2);
      if (!writer.tryTake(key)) return;
      const commit = await writer.next(key).untilKnown();
      writer.release(key);
      tell({ kind: 'commit', commit });
    });
    await pause(random.between(5, mostPauseMs));
  }
}

for (const commit of await writer.learn(sharedKeys)) tell({ kind: 'commit', commit });
for (let task = 0; task < tasks; task += 1) void writeForEver();
answerParent(async (question) => {
  if (question.kind === 'rest') await gate.close();
  if (question.kind === 'go') gate.open();
});
