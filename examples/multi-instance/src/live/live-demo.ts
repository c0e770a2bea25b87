// The live demo: the parts, the board, and what keeps the board true: news of changes, events of the instances, a prober
// for each, a look at everybody's status a few times a second. Owns these loops; shows nothing itself.
import { setTimeout as delay } from 'node:timers/promises';
import { boundMs, type Demo, instanceNames, startDemo } from '../demo/demo.ts';
import { exampleTenants, insertExampleRows } from '../demo/example-rows.ts';
import { readTexts } from '../demo/policy-rows.ts';
import { probe } from '../demo/prober.ts';
import type { Hints } from '../command-line.ts';
import { machineMs } from '../machine-clock.ts';
import type { InstanceProcess } from '../processes/instance-process.ts';
import type { Snapshot } from './snapshot.ts';
import { Board } from './board.ts';
import { describeChange, type SeenChange, watchChanges } from './change-feed.ts';

/** A quiet service: each instance is asked about a hundred times a second. */
const probePauseMs = 8;
const statusEveryMs = 200;

export interface LiveDemo extends AsyncDisposable {
  readonly demo: Demo;
  snapshot(): Snapshot;
}

export interface LiveDemoOptions {
  readonly hints: Hints;
  readonly onStep: (step: string) => void;
  /** Something happened that should be seen at once. */
  readonly onNews: () => void;
}

export async function startLiveDemo({ hints, onStep, onNews }: LiveDemoOptions): Promise<LiveDemo> {
  const board = new Board({ instances: instanceNames, hints, boundMs, tenants: exampleTenants });
  const demo = await startDemo({
    hints,
    onStep,
    prepare: insertExampleRows,
    onOvertaken(instance, event, atMs) {
      board.overtaken(instance, event, atMs);
      onNews();
    },
    onStored: (instance, event) => board.stored(instance, event),
    onInstanceExit: onNews,
    onSidecarExit: onNews,
  });
  for (const { name, url } of demo.instances) board.setInstance(name, { url });
  for (const [tenant, text] of await readTexts(demo.writer, exampleTenants))
    board.tracker.watch(tenant, text);

  const ending = new AbortController();
  const { signal } = ending;
  await followChanges({ demo, board, onNews });
  const loops = [
    ...demo.instances.map((instance) =>
      probe(
        {
          instance,
          tenants: () => board.tenants,
          awaited: () => board.tracker.awaitedOf(instance.name),
          pauseMs: probePauseMs,
          onAnswer(answer) {
            board.answered(answer);
            if (answer.reply?.isHit !== true) onNews();
          },
        },
        signal,
      ),
    ),
    ...demo.instances.map((instance) => followStatus(instance, board, signal)),
    followSidecar({ demo, board, onNews, signal }),
  ];

  return {
    demo,
    snapshot() {
      for (const { name, state } of demo.instances) board.setInstance(name, { state });
      return board.snapshot();
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      // A frozen instance keeps its loops waiting; they end with it.
      await demo[Symbol.asyncDispose]();
      await Promise.all(loops);
    },
  };
}

interface Following {
  readonly demo: Demo;
  readonly board: Board;
  readonly onNews: () => void;
}

/** In the order in which they were committed, as the rows are read anew for each. */
async function followChanges({ demo, board, onNews }: Following): Promise<void> {
  let last = Promise.resolve();
  async function take(change: SeenChange, seen: { ms: number; at: string }): Promise<void> {
    // A few rows of a bulk change are nobody's in particular.
    if (change.rowCount === change.tenants.length) board.invite(change.tenants);
    const texts = await readTexts(demo.writer, board.tenants);
    board.changed({ what: describeChange(change), texts, seenMs: seen.ms, seenAt: seen.at });
    onNews();
  }
  await watchChanges(demo.writer, (change) => {
    const seen = { ms: machineMs(), at: new Date().toISOString() };
    // The connection ends with the demo, in the middle of this perhaps: there is nothing to show any more then.
    last = last.then(() => take(change, seen)).catch(() => undefined);
  });
}

async function followStatus(instance: InstanceProcess, board: Board, signal: AbortSignal): Promise<void> {
  const { name } = instance;
  while (!signal.aborted) {
    const status = instance.state !== 'serving' ? undefined : await instance.status().catch(() => undefined);
    if (status !== undefined) board.setInstance(name, { status });
    await delay(statusEveryMs, undefined, { signal }).catch(() => undefined);
  }
}

async function followSidecar({
  demo,
  board,
  onNews,
  signal,
}: Following & { signal: AbortSignal }): Promise<void> {
  while (!signal.aborted) {
    board.setSidecar(await demo.sidecar.state());
    // What else changed by itself in the meantime is shown along with it.
    onNews();
    await delay(statusEveryMs, undefined, { signal }).catch(() => undefined);
  }
}
