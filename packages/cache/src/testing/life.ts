// A process that opens a cache and an engine, uses them, closes them, and then has nothing more to do: were a timer or a
// socket left, it would not end. Its parent says where Redis and PostgreSQL are, and what is to be under way at the end.
import { createEngine, postgresJournal } from '@tidemark/engine';
import { createCache } from '../cache.ts';

const [redis = '', databaseUrl = '', underWay = ''] = process.argv.slice(2);

const engine = createEngine({ journal: postgresJournal({ connectionString: databaseUrl }), roundEvery: 50 });
const cache = createCache({ ...(redis === '' ? {} : { redis }), engine });
const region = cache.region<string>({
  name: 'item',
  table: 'public.item',
  ttl: '5m',
  load: async (key, { signal }) => {
    if (key.startsWith('never')) await new Promise((_, reject) => signal.addEventListener('abort', reject));
    if (key.startsWith('fails')) throw new Error('no such row');
    return key;
  },
});

if (underWay !== 'at once') {
  if (underWay !== 'without redis') await cache.ready();
  await region.getMany(['a', 'b', 'c']);
  await region.get('fails').catch(() => {});
  await region.write('a', async () => {});
}
const wanted = underWay === 'loads' ? ['never', 'never too', 'fails'] : [];
// Awaited from the start: closing rejects them before anybody asks.
const waiting = Promise.allSettled(wanted.map((key) => region.get(key)));
const readiness = cache.ready();
await cache.close();
await readiness;
await waiting;
process.stdout.write('closed\n');
