// What happens beside the frames of a recording: the writer, the outages, the restarts, and how what was lost is judged.
// Owns the scenes that several recordings share; which recording is played how is in realtime-cases.ts.
import { until } from '../processes/until.ts';
import type { RealtimeBench, RealtimeDoor, TokenRequest } from './realtime-bench.ts';
import type { Playing, Replay } from './realtime-replay.ts';
import { type Losses, losses, receivedValues, type Writer } from './realtime-writer.ts';

export interface Scene {
  readonly bench: RealtimeBench;
  readonly door: RealtimeDoor;
  readonly writer: Writer;
}

export type Direction = Pick<
  Replay,
  'connectAs' | 'timeScale' | 'onNote' | 'onSystemOk' | 'isIgnored' | 'beforeConnect'
> & {
  /** Once everything was played: what differs from the recording's summary. */
  readonly judge?:
    | ((frames: (conn?: string) => readonly (string | Buffer)[]) => readonly string[])
    | undefined;
};

export const ownTenant = 'aaaaaaaa-0000-4000-8000-000000000001';
export const none = { ranges: 0, isLastReceived: true };
export const oneGap = { ranges: 1, isLastReceived: true };
export const toTheEnd = { ranges: 1, isLastReceived: false };

export function roleOf(conn: string): TokenRequest {
  if (!conn.startsWith('authenticated')) return { role: conn === 'anon' ? 'anon' : 'service_role' };
  return {
    role: 'authenticated',
    claims: { tenant_id: conn === 'authenticated_own' ? ownTenant : 'another' },
  };
}

/** Whether what was lost has the recorded form. */
export function judgeLosses(
  scene: Scene,
  expected: Pick<Losses, 'ranges' | 'isLastReceived'>,
): Direction['judge'] {
  return (frames) => {
    const found = losses(scene.writer.committed, receivedValues(frames()));
    const isSame =
      found.ranges === expected.ranges &&
      found.isLastReceived === expected.isLastReceived &&
      found.duplicates === 0;
    return isSame ? [] : [`lost: recorded ${JSON.stringify(expected)}, here ${JSON.stringify(found)}`];
  };
}

/** Ends the writing, and waits until what was written last has arrived. */
export async function settle({ writer }: Scene, playing: Playing): Promise<void> {
  await writer.stop();
  await until(() => receivedValues(playing.frames()).at(-1) === writer.committed.at(-1), {
    what: 'the last change',
  });
}

/** Writes until something that was written afterwards arrives. */
export async function untilFlowing({ writer }: Scene, playing: Playing): Promise<void> {
  const before = writer.committed.length;
  await until(() => writer.committed.length > before, { what: 'PostgreSQL to commit again' });
  const mark = writer.committed.at(-1) ?? 0;
  await until(() => (receivedValues(playing.frames()).at(-1) ?? 0) > mark, { what: 'changes to flow again' });
}

/** Something was lost, and something later came. */
export function hasGap({ writer }: Scene, playing: Playing): boolean {
  const received = receivedValues(playing.frames());
  const last = received.at(-1) ?? 0;
  return (
    losses(
      writer.committed.filter((value) => value <= last),
      received,
    ).ranges > 0
  );
}

export const writeEveryMs = 10;
export const firstRow = `insert into copilot_internal.lat (id, v) values (1, 0)`;

/** The recordings of outages insert the row first; 05-sigkill finds it there. */
export function writesOn(scene: Scene, start: string): Direction['onSystemOk'] {
  return async (nth) => {
    if (nth > 1) return;
    if (start !== '') await scene.bench.sql(start);
    scene.writer.start(writeEveryMs);
  };
}

export function outage(scene: Scene, note: string, act: (playing: Playing) => Promise<void>): Direction {
  return {
    onSystemOk: writesOn(scene, firstRow),
    onNote: {
      [note]: act,
      'server started': async () => {
        if (scene.bench.postgres.pid === undefined) await scene.bench.postgres.start();
      },
      'events flow again': (playing) => untilFlowing(scene, playing),
      summary: (playing) => settle(scene, playing),
    },
    judge: judgeLosses(scene, oneGap),
  };
}

export function serverRestart(scene: Scene, code: 1012 | 1006): Direction {
  let restarted = Promise.resolve();
  const restart = (playing: Playing): Promise<void> => {
    restarted = untilFlowing(scene, playing).then(() => scene.door.gateway.restart(code, 200));
    return Promise.resolve();
  };
  return {
    onSystemOk: writesOn(scene, code === 1012 ? firstRow : ''),
    onNote: {
      'server stop': restart,
      'server kill': restart,
      'up after': () => restarted,
      'resubscribed system message': (playing) => untilFlowing(scene, playing),
      summary: (playing) => settle(scene, playing),
    },
    judge: judgeLosses(scene, oneGap),
  };
}

/** The recorder left the events of the bulk and of the writer out. */
export const isChange: Replay['isIgnored'] = ({ text }) => text.includes('"postgres_changes",{"data"');

export function bulkIds(frames: readonly (string | Buffer)[]): readonly number[] {
  return frames.flatMap((frame) => {
    const id = typeof frame === 'string' ? /"record":\{"v": \d+, "id": (\d+)\}/.exec(frame)?.[1] : undefined;
    return id === undefined ? [] : [Number(id)];
  });
}

export const bulkUpdate = 'update copilot_internal.bulk set v = v + 1';

export function bulk(scene: Scene, afterBulk: (playing: Playing) => Promise<void>): Direction {
  return {
    isIgnored: isChange,
    onNote: {
      'bulk committed': async (playing) => {
        await scene.bench.sql(bulkUpdate);
        await until(() => bulkIds(playing.frames()).length === 10_000, { what: 'the bulk' });
        await afterBulk(playing);
      },
    },
  };
}

export function judgeBulk(frames: readonly (string | Buffer)[]): readonly string[] {
  const ids = bulkIds(frames);
  const isInOrder = ids.every((id, index) => id === index + 1);
  return ids.length === 10_000 && isInOrder
    ? []
    : [`of 10,000 rows ${ids.length} came, in order: ${isInOrder}`];
}
