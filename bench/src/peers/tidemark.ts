// Tidemark, as one instance would use it. Under a lease: rounds of this process prove the entries. The tables stand still,
// so that nothing is dropped while hits are timed.
import { createCache } from '@tidemark/cache';
import { createEngine } from '@tidemark/engine';
import type { Contestant } from '../contest/contestant.ts';
import { awaitInTurn, type HitSetting, keysOf, type Policy, policyOf, readInTurn } from './reading.ts';
import { StillJournal } from './still-journal.ts';

const table = 'public.policies';

export async function open(name: string, setting: HitSetting): Promise<Contestant> {
  const engine = createEngine({ journal: new StillJournal(table), roundEvery: '250ms' });
  const hasLease = name !== 'peek without a lease';
  const cache = createCache(hasLease ? { engine } : {});
  const region = cache.region<Policy>({
    name: 'policy',
    // Without a lease an entry is served for the bound from its own load: it must outlive the run.
    ...(hasLease ? { table } : { maxStaleness: '1h' }),
    ttl: '1h',
    maxEntries: setting.keys * 2,
    load: (tenantId) => Promise.resolve(policyOf(tenantId)),
  });
  // Before the loads, because the first round drops everything; and after, because so many in one go let none through.
  await cache.ready();
  const keys = keysOf(setting);
  for (const key of keys) await region.get(key);
  await cache.ready();
  const contestant =
    name === 'get'
      ? awaitInTurn(keys, (key) => region.get(key))
      : readInTurn(keys, (key) => region.peek(key));
  return { ...contestant, close: () => cache.close() };
}
