// The live demo with broken parts: what a person may break on the page, and the demo itself killed.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DemoProcess, descendantsOf, livingOf } from '../testing/demo-process.ts';
import type { InstanceView, Snapshot } from './snapshot.ts';

let demo: DemoProcess;

beforeAll(async () => {
  demo = new DemoProcess();
  await demo.open();
  await untilLeased();
});

afterAll(async () => {
  await demo[Symbol.asyncDispose]();
});

async function untilLeased(): Promise<void> {
  await demo.untilShown('all leases', ({ instances }) => instances.every(({ hasLease }) => hasLease));
}

async function saveModel(model: string): Promise<void> {
  const policy = {
    tenant: 'acme',
    provider: 'openai',
    egressMode: 'audit',
    allowRemoteEgress: true,
  } as const;
  await demo.act({ kind: 'save', ...policy, model });
}

function answersOf({ instances }: Snapshot, isMeant: (instance: InstanceView) => boolean): (string | null)[] {
  return instances
    .filter(isMeant)
    .map(({ holds }) => holds.find(({ tenant }) => tenant === 'acme')?.text ?? null);
}

test('without its sidecar no instance keeps its lease, all follow within the bound, and leases come back', async () => {
  await demo.act({ kind: 'kill sidecar' });
  await demo.untilShown('the loss', ({ sidecar, instances }) => {
    return sidecar.state === 'down' && instances.every(({ hasLease }) => !hasLease);
  });
  await saveModel('unproved');
  await demo.untilShown('the new model', (snapshot) =>
    answersOf(snapshot, () => true).every((text) => text === 'openai / unproved, audit'),
  );
  await demo.act({ kind: 'start sidecar' });
  await demo.untilShown('the sidecar', ({ sidecar }) => sidecar.state === 'ready');
  await untilLeased();
});

test('a frozen instance keeps its answer while the others follow, and follows when it thaws', async () => {
  await demo.act({ kind: 'freeze', instance: 'b' });
  const isOther = ({ name }: InstanceView): boolean => name !== 'b';
  await saveModel('thawed');
  const snapshot = await demo.untilShown('the others', (snapshot) =>
    answersOf(snapshot, isOther).every((text) => text === 'openai / thawed, audit'),
  );
  expect(snapshot.instances[1]?.state).toBe('frozen');
  expect(answersOf(snapshot, ({ name }) => name === 'b')).toEqual(['openai / unproved, audit']);
  await demo.act({ kind: 'thaw', instance: 'b' });
  await demo.untilShown('all of them', (snapshot) =>
    answersOf(snapshot, () => true).every((text) => text === 'openai / thawed, audit'),
  );
  await untilLeased();
});

test('no answer was stale beyond the bound (R1)', async () => {
  const { answers } = await demo.untilShown('answers', ({ answers }) => answers.given > 0);
  expect(answers.beyondBound).toBe(0);
});

test('the demo killed with -9 takes its processes along, a frozen one too', async () => {
  await demo.act({ kind: 'freeze', instance: 'c' });
  const started = descendantsOf(demo.pid);
  expect(started.length).toBeGreaterThan(8);
  demo.signal('SIGKILL');
  await demo.exited;
  await expect.poll(() => livingOf(started), { timeout: 30_000 }).toEqual([]);
});
