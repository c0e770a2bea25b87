// A round loop on a clock that stands still until it is moved, with a target and a journal that do as they are told.
import { FakeClock, RecordedLog, settle } from '@tidemark/devstack/fakes';
import type { Journal } from '@tidemark/protocol';
import { RoundLoop } from '../round/round-loop.ts';
import type { FinishedRound } from '../round/round-steps.ts';
import { ScriptedJournal } from './scripted-journal.ts';
import { ScriptedTarget } from './scripted-target.ts';

export const roundEveryMs = 100;
export const readTimeoutMs = 2_000;
const open: RoundLoop[] = [];

/** To be called after each test. */
export async function closeLoops(): Promise<void> {
  for (const loop of open.splice(0)) await loop.close();
}

export interface RoundScene {
  readonly loop: RoundLoop;
  readonly clock: FakeClock;
  readonly target: ScriptedTarget;
  readonly journal: ScriptedJournal;
  readonly log: RecordedLog;
  readonly finished: FinishedRound[];
}

export function setUp(read?: Journal['read']): RoundScene {
  const clock = new FakeClock();
  const target = new ScriptedTarget();
  const journal = new ScriptedJournal();
  if (read !== undefined) journal.read = read;
  const log = new RecordedLog();
  const finished: FinishedRound[] = [];
  const loop = new RoundLoop({
    target,
    journal,
    clock,
    logger: log,
    roundEveryMs,
    readTimeoutMs,
    onRound: (round) => finished.push(round),
  });
  open.push(loop);
  return { loop, clock, target, journal, log, finished };
}

/** A scene whose first round is over. */
export async function started(read?: Journal['read']): Promise<RoundScene> {
  const scene = setUp(read);
  scene.loop.start();
  await settle();
  return scene;
}
