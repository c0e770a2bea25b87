// Realtime silent, dead, restarted, flooding. Nothing may depend on it.
import { breaking, type Fault, times } from './fault.ts';

const silent = breaking({
  name: 'Realtime silent',
  what: 'channels stay joined and nothing comes, two times',
  part: 'realtime',
  each: ({ stack }) => times(2, stack.realtime.vices),
  breaks(vices) {
    vices.areChangesSilent = true;
    vices.areBroadcastsSilent = true;
  },
  hold: 'outlast',
  heals(vices) {
    vices.areChangesSilent = false;
    vices.areBroadcastsSilent = false;
  },
});

const dead: Fault = {
  name: 'Realtime dead',
  what: 'Realtime is killed and stays away for longer than the bound',
  part: 'realtime',
  run: ({ scene, random, boundMs }) =>
    scene.stack.realtime.restart(1006, Math.round(boundMs * (2 + random.next()))),
};

const restarted: Fault = {
  name: 'Realtime restarted',
  what: 'Realtime restarts in order, and once more while its clients come back; its change worker stops',
  part: 'realtime',
  async run({ scene, moment }) {
    await scene.stack.realtime.restart(1012);
    await moment();
    await scene.stack.realtime.restart(1012);
    await moment();
    await scene.stack.realtime.stopChangesWorker();
    await moment();
  },
};

/** A round is asked for by each; rounds do not run faster for it. */
const messagesPerWave = 3_000;

const flooding: Fault = {
  name: 'Realtime flooding',
  what: 'thousands of broadcasts that mean nothing, and the limit of the tenant on',
  part: 'realtime',
  async run({ scene, moment }) {
    const { vices } = scene.stack.realtime;
    vices.rateLimit = { ...vices.rateLimit, isOn: true };
    try {
      for (let wave = 0; wave < 3; wave += 1) {
        await scene.pool
          .query(
            `select realtime.send('{"table": "public.item"}'::jsonb, 'change', 'tidemark', true)
             from generate_series(1, $1)`,
            [messagesPerWave],
          )
          // Another fault has PostgreSQL down: no flood then.
          .catch(() => undefined);
        await moment();
      }
    } finally {
      vices.rateLimit = { ...vices.rateLimit, isOn: false };
    }
  },
};

export const realtimeFaults: readonly Fault[] = [silent, dead, restarted, flooding];
