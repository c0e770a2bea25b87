// Instances and sidecars that die or stand still.
import { setTimeout as pause } from 'node:timers/promises';
import { breaking, type Fault, type Stage, times } from './fault.ts';

const killedInstance = breaking({
  name: 'instance killed',
  what: 'kill -9 of an instance under load, twice; a new process takes its place',
  part: 'instance 0',
  each: ({ instances }) => times(2, ...instances.slice(0, 1)),
  breaks: (instance) => instance.child.kill(),
  hold: 'moment',
  heals: (instance) => instance.start(),
});

const stoppedInstance: Fault = {
  name: 'instance stopped',
  what: 'SIGSTOP of an instance for longer than the bound, then SIGCONT: it wakes with a full L1',
  part: 'instance 1',
  // The deadlines of its own loads pass while it stands still.
  breaksSource: true,
  async run({ scene, outlast, moment }) {
    const child = scene.instances[1]?.child;
    child?.signal('SIGSTOP');
    await outlast();
    child?.signal('SIGCONT');
    await moment();
    child?.signal('SIGSTOP');
    await moment();
    child?.signal('SIGCONT');
  },
};

const killedSidecars = breaking({
  name: 'sidecars killed in turn',
  what: 'kill -9 of each sidecar, one after the other; each comes back',
  part: 'sidecars',
  each: ({ sidecars }) => sidecars,
  breaks: (sidecar) => sidecar.kill(),
  hold: 'moment',
  heals: (sidecar) => sidecar.start(),
});

const stoppedSidecars = breaking({
  name: 'sidecars stopped in turn',
  what: 'SIGSTOP of each sidecar for longer than the bound; it wakes and believes that it still works',
  part: 'sidecars',
  each: ({ sidecars }) => sidecars,
  breaks: (sidecar) => sidecar.signal('SIGSTOP'),
  hold: 'outlast',
  heals: (sidecar) => sidecar.signal('SIGCONT'),
});

const noSidecar = breaking({
  name: 'no sidecar',
  what: 'kill -9 of both sidecars for longer than the bound',
  part: 'sidecars',
  each: ({ sidecars }) => [sidecars],
  breaks: (sidecars) => Promise.all(sidecars.map((sidecar) => sidecar.kill())),
  hold: 'outlast',
  heals: (sidecars) => Promise.all(sidecars.map((sidecar) => sidecar.start())),
});

/** The port moves what the cache believes; the machine's own clock stays. */
async function jump(
  { scene, moment }: Stage,
  jumps: readonly [wallMs: number, monotonicMs: number][],
): Promise<void> {
  const child = scene.instances[1]?.child;
  for (const [wallMs, monotonicMs] of jumps) {
    await child?.ask({ kind: 'jump', wallMs, monotonicMs });
    await moment();
  }
}

const hourMs = 3_600_000;

const jumpingClock: Fault = {
  name: 'clock jumps',
  what: 'the wall clock of an instance jumps an hour ahead and back, its monotonic clock ahead, at the clock port',
  part: 'instance 1',
  run: (stage) =>
    jump(stage, [
      [hourMs, 0],
      [-2 * hourMs, 0],
      [hourMs, 0],
      [0, 10_000],
      [-700, 0],
      [700, 0],
    ]),
};

const stoppedWithClockBack: Fault = {
  name: 'stopped, clock set back',
  what: 'an instance stands still for longer than the bound, and wakes with its wall clock set back by as much',
  part: 'instance 1',
  breaksSource: true,
  async run(stage) {
    const child = stage.scene.instances[1]?.child;
    const stoppedMs = 2 * stage.boundMs;
    child?.signal('SIGSTOP');
    await pause(stoppedMs);
    // Waits in the pipe, and is read before or after the first reads: both are tried.
    const jumped = child?.ask({ kind: 'jump', wallMs: -stoppedMs, monotonicMs: 0 });
    child?.signal('SIGCONT');
    await jumped;
    await stage.moment();
    await child?.ask({ kind: 'jump', wallMs: stoppedMs, monotonicMs: 0 });
  },
};

export const processFaults: readonly Fault[] = [
  killedInstance,
  stoppedInstance,
  killedSidecars,
  stoppedSidecars,
  noSidecar,
  jumpingClock,
  stoppedWithClockBack,
];
