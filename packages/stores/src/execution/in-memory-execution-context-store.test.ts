import { FakeClock } from '@tidemark/devstack/fakes';
import { expect, test } from 'vitest';
import { describeExecutionContextStore } from '../testing/execution-context-store-suite.ts';
import { InMemoryExecutionContextStore } from './in-memory-execution-context-store.ts';

const clock = new FakeClock();
const store = new InMemoryExecutionContextStore(clock);

describeExecutionContextStore('InMemoryExecutionContextStore', {
  store: () => store,
  passed: (moment) => clock.advance(Math.max(0, moment.getTime() + 1 - clock.wallMs())),
  runs: 100,
});

test('a context is live until its last millisecond, and expired with the next (#16)', async () => {
  const path = { tenantId: 't', conversationId: 'c', pathId: 'p' };
  const { id } = await store.createContext({ ...path, ttlMs: 100 });
  await store.updateStatus(id, 'ready');
  await clock.advance(99);
  expect(await store.isReady(id)).toBe(true);
  await clock.advance(1);
  expect(await store.isReady(id)).toBe(false);
  expect(await store.getContextByPath(path)).toBeNull();
});
