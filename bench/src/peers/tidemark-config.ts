// The config store of Tidemark's own stores: a read merges three rows (everybody's, the tenant's, the user's), each an
// entry of its own, and gives the same object while none of them has changed.
import { createCache } from '@tidemark/cache';
import { CachingConversationConfigStore, InMemoryConversationConfigStore } from '@tidemark/stores';
import type { Contestant } from '../contest/contestant.ts';
import { type Job, type ReadSetting, readJob, Source } from './read-job.ts';

const tenantId = 'tenant';

export async function open(job: Job, setting: ReadSetting): Promise<Contestant> {
  const cache = createCache();
  const backing = new InMemoryConversationConfigStore();
  await backing.setTenantConfig({ tenantId, config: { mergeMaxMessages: 7 } });
  const store = new CachingConversationConfigStore(backing, cache, { maxStaleness: '1h' });
  return readJob(job, setting, {
    source: new Source(),
    get: (userId) => store.getConfig({ tenantId, userId }),
    close: () => cache.close(),
  });
}
