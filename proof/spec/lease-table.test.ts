// The table of the lease in docs/SPEC.md says what the code does: each cell is computed, put into words, and compared.
import { FakeClock } from '@tidemark/devstack/fakes';
import type { WatchedTable } from '@tidemark/protocol';
import { expect, test } from 'vitest';
import { Clocks } from '../../packages/cache/src/clocks.ts';
import { Lease, type LeaseWatch } from '../../packages/cache/src/invalidate/lease.ts';
import { Tidemark } from '../../packages/cache/src/invalidate/tidemark.ts';
import { readTable, type Table } from './spec-page.ts';

const boundMs = 2_000;
const needs = { prefix: 'copilot:item', tables: ['public.item'] };

function watch(change: Partial<WatchedTable> = {}, roundEveryMs = 100): LeaseWatch {
  const watched = { namespace: 'main', prefixes: [needs.prefix], problem: null, ...change };
  return { tables: new Map([['public.item', watched]]), roundEveryMs };
}

class Scene {
  readonly clock = new FakeClock();
  readonly clocks = new Clocks(this.clock);
  readonly tidemark = new Tidemark(this.clocks);
  readonly lease = new Lease(boundMs, this.tidemark, true);

  judge(under: LeaseWatch | undefined): void {
    this.lease.judge(needs, under);
  }

  prove(): void {
    this.tidemark.advance(this.clocks.instant());
  }

  get word(): string {
    const { problem } = this.lease;
    if (problem === 'the watch is not known yet') return 'no watch';
    if (problem !== null) return 'problem';
    return this.lease.isLive() ? 'live' : 'covered';
  }
}

const states: Readonly<Record<string, (scene: Scene) => void>> = {
  'no watch': () => {},
  problem: (scene) => scene.judge(watch({ problem: 'trigger disabled' })),
  covered: (scene) => scene.judge(watch()),
  live: (scene) => {
    scene.judge(watch());
    scene.prove();
  },
};

const events: Readonly<Record<string, (scene: Scene) => Promise<void> | void>> = {
  'watch without a problem for the region': (scene) => scene.judge(watch()),
  'watch without one of its tables': (scene) => scene.judge({ tables: new Map(), roundEveryMs: 100 }),
  'watch with a problem at one of its tables': (scene) => scene.judge(watch({ problem: 'trigger missing' })),
  'watch without its prefix': (scene) => scene.judge(watch({ prefixes: [] })),
  'watch with rounds that are too rare': (scene) => scene.judge(watch({}, 501)),
  "head whose watch can't be had": (scene) => scene.judge(undefined),
  'tidemark advances to now': (scene) => scene.prove(),
  reset: (scene) => scene.tidemark.drop(),
  'B passes': (scene) => scene.clock.advance(boundMs),
  'the machine sleeps for B': (scene) => scene.clock.suspend(boundMs),
};

test('the table of the lease says what each event makes of each state (R1)', async () => {
  const computed: Record<string, Record<string, string>> = {};
  for (const [event, happen] of Object.entries(events)) {
    const row: Record<string, string> = {};
    for (const [state, reach] of Object.entries(states)) {
      const scene = new Scene();
      reach(scene);
      expect(scene.word).toBe(state);
      await happen(scene);
      row[state] = scene.word;
    }
    computed[event] = row;
  }
  const expected: Table = readTable('Lease', ['event', 'no watch', 'problem', 'covered', 'live']);
  expect(expected).toEqual(computed);
});
