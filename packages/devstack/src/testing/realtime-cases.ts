// How each recording is played: who wrote what beside it, what was broken when, and which durations are shorter than they
// were. The expected losses are those of the recording's own summary.
import { until } from '../processes/until.ts';
import type { RealtimeGatewayOptions } from '../realtime/options.ts';
import type { RealtimeVices } from '../realtime/vices.ts';
import type { Playing } from './realtime-replay.ts';
import {
  bulk,
  bulkIds,
  bulkUpdate,
  type Direction,
  firstRow,
  hasGap,
  isChange,
  judgeBulk,
  judgeLosses,
  none,
  oneGap,
  outage,
  ownTenant,
  roleOf,
  type Scene,
  serverRestart,
  settle,
  toTheEnd,
  untilFlowing,
  writeEveryMs,
  writesOn,
} from './realtime-scenes.ts';
import { receivedValues } from './realtime-writer.ts';

export interface ConformanceCase {
  /** The beginning of the names of its recordings. */
  readonly names: readonly string[];
  /** What is not as it was; empty: nothing, and every frame is compared. */
  readonly scaled: string;
  readonly options?: Partial<RealtimeGatewayOptions>;
  readonly vices?: Partial<RealtimeVices>;
  readonly setUp?: string;
  readonly isFolded?: boolean;
  /** The first value the writer does not write. */
  readonly writesAfter?: number;
  readonly direct?: (scene: Scene) => Direction;
}

export const conformanceCases: readonly ConformanceCase[] = [
  {
    names: ['01-', '02-', '03-', '08-heartbeat'],
    scaled: '',
    direct: () => ({ connectAs: roleOf }),
  },
  {
    names: ['04-latency'],
    scaled:
      'a change every 10 ms for as long as it takes to receive 100, instead of 200 at each of three rates; its latencies are in the README of the fixtures',
    isFolded: true,
    direct: (scene) => ({
      onSystemOk: writesOn(scene, ''),
      onNote: {
        trimmed: async (playing) => {
          await until(() => receivedValues(playing.frames()).length >= 100, { what: '100 changes' });
          await settle(scene, playing);
        },
      },
      judge: judgeLosses(scene, none),
    }),
  },
  {
    names: ['05-server-restart-sigterm'],
    scaled: 'down for 0.2 s instead of 7.6 s',
    isFolded: true,
    setUp: 'delete from copilot_internal.lat',
    direct: (scene) => serverRestart(scene, 1012),
  },
  {
    names: ['05-server-restart-sigkill'],
    scaled: 'down for 0.2 s instead of 7.6 s',
    isFolded: true,
    direct: (scene) => serverRestart(scene, 1006),
  },
  {
    names: ['06-postgres-terminate-poller'],
    scaled: 'back after 0.2 s instead of 0.7 s',
    isFolded: true,
    options: { reconnectMs: { first: 200, longest: 200 } },
    setUp: 'delete from copilot_internal.lat',
    direct: (scene) =>
      outage(scene, 'postgres terminate-poller', () =>
        scene.bench.sql(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'realtime_replication'`,
        ),
      ),
  },
  {
    names: ['06-postgres-restart'],
    scaled: 'attempts to reconnect every 0.2 s instead of seconds apart',
    isFolded: true,
    options: { reconnectMs: { first: 200, longest: 200 } },
    setUp: 'delete from copilot_internal.lat',
    direct: (scene) => outage(scene, 'postgres restart', () => scene.bench.postgres.restart()),
  },
  {
    names: ['06-postgres-outage30'],
    scaled: 'an outage without a pause instead of 30 s; attempts to reconnect every 0.2 s',
    isFolded: true,
    options: { reconnectMs: { first: 200, longest: 200 } },
    setUp: 'delete from copilot_internal.lat',
    direct: (scene) => outage(scene, 'postgres outage30', () => scene.bench.postgres.stop()),
  },
  {
    names: ['06-postgres-outage110'],
    scaled: 'given up at once instead of after 30 to 110 s',
    isFolded: true,
    options: { reconnectMs: { first: 50, longest: 50 } },
    vices: { giveUpAfterMs: 0 },
    setUp: 'delete from copilot_internal.lat',
    direct: (scene) => ({
      onSystemOk: writesOn(scene, firstRow),
      onNote: {
        'postgres outage110': () => scene.bench.postgres.stop(),
        'server started': () => scene.bench.postgres.start(),
        summary: async () => {
          const before = scene.writer.committed.length;
          await until(() => scene.writer.committed.length > before + 10, { what: 'ten more commits' });
          await scene.writer.stop();
        },
      },
      judge: judgeLosses(scene, toTheEnd),
    }),
  },
  {
    names: ['07-bulk-10000'],
    scaled: 'the rate limit averages over 3 s instead of 60 s',
    vices: { rateLimit: { isOn: true, eventsPerSecond: 100, windowMs: 3_000 } },
    setUp: 'insert into copilot_internal.bulk select i, 0 from generate_series(1, 10000) i',
    direct: (scene) => ({
      ...bulk(scene, async (playing) => {
        scene.writer.start(50);
        await until(() => hasGap(scene, playing), { what: 'changes to be dropped, and to flow again' });
        await settle(scene, playing);
      }),
      judge: (frames) => [...judgeBulk(frames()), ...(judgeLosses(scene, oneGap)?.(frames) ?? [])],
    }),
  },
  {
    names: ['07a-bulk'],
    scaled:
      'the change worker is stopped by hand instead of by a rebalancing after 6 s; the rate limit is off',
    vices: { rateLimit: { isOn: false, eventsPerSecond: 100, windowMs: 60_000 } },
    setUp: 'insert into copilot_internal.bulk select i, 0 from generate_series(1, 10000) i',
    direct: (scene) => ({
      ...bulk(scene, async (playing) => {
        await scene.writer.write(12);
        await settle(scene, playing);
        await scene.door.gateway.stopChangesWorker();
        await scene.writer.write(12);
      }),
      judge: (frames) => [...judgeBulk(frames()), ...(judgeLosses(scene, toTheEnd)?.(frames) ?? [])],
    }),
  },
  {
    names: ['08-expired-token-at-connect'],
    scaled: '',
    direct: () => ({ connectAs: () => ({ role: 'service_role', expiresInSeconds: -10 }) }),
  },
  {
    names: ['08-wrong-signature'],
    scaled: '',
    direct: () => ({
      connectAs: () => ({ role: 'service_role', secret: 'another secret of 32 characters or more' }),
    }),
  },
  { names: ['08-expired-access-token'], scaled: 'a refused join is answered after 20 ms instead of 5 s' },
  {
    names: ['08-token-expires'],
    scaled: 'the token lives 2 s instead of 12 s',
    isFolded: true,
    direct: (scene) => ({
      connectAs: () => ({ role: 'service_role', expiresInSeconds: 2 }),
      onSystemOk: writesOn(scene, ''),
      onNote: { 'events received': () => scene.writer.stop() },
      judge: judgeLosses(scene, toTheEnd),
    }),
  },
  {
    names: ['08-token-refreshed'],
    scaled: 'the first token lives 3 s instead of 12 s, and a refresh takes 20 ms instead of 1.3 s',
    isFolded: true,
    direct: (scene) => {
      const firstExpiresAtMs = Date.now() + 3_000;
      return {
        timeScale: 4,
        onSystemOk: writesOn(scene, ''),
        onNote: {
          lost: async (playing) => {
            await until(() => Date.now() > firstExpiresAtMs, { what: 'the first token to expire' });
            await untilFlowing(scene, playing);
            await settle(scene, playing);
          },
        },
        judge: judgeLosses(scene, none),
      };
    },
  },
  {
    names: ['08-vsn-1.0.0'],
    scaled: '',
    isFolded: true,
    direct: ({ writer }) => ({ onSystemOk: () => writer.write(1) }),
  },
  {
    names: ['09-broadcast'],
    scaled: '',
    isFolded: true,
    setUp: `create trigger announce after insert or update or delete on copilot_internal.norls_full
      for each row execute function copilot_internal.announce()`,
    direct: ({ bench }) => ({
      onSystemOk: async () => {
        const table = 'copilot_internal.norls_full';
        await bench.sql(`insert into ${table} values ('${ownTenant}', 'm', 0, null)`);
        for (let n = 1; n < 100; n += 1) await bench.sql(`update ${table} set max_tokens = ${n}`);
        await bench.sql(`delete from ${table}`);
        await bench.sql(`select realtime.send('{"hello": 1}', 'ping', 'policies')`);
      },
      beforeConnect: async (conn) => {
        if (conn !== 'c2') return;
        await bench.sql(
          `select realtime.send(jsonb_build_object('n', n), 'missed', 'policies') from generate_series(1, 30) n`,
        );
      },
      judge: (frames) => {
        const replayed = frames('c2').filter((frame) => String(frame).includes('"replayed":true')).length;
        return [
          ...(frames('c1').length === 104 ? [] : [`104 frames recorded, ${frames('c1').length} came`]),
          ...(replayed === 25 ? [] : [`25 replayed in the recording, ${replayed} here`]),
        ];
      },
    }),
  },
  {
    names: ['10-zombie'],
    scaled: '',
    writesAfter: 50_000,
    direct: ({ writer, door }) => ({
      onSystemOk: () => writer.write(5),
      onNote: {
        'c1 after the tenant CDC worker was stopped': async () => {
          await door.gateway.stopChangesWorker();
          await writer.write(5);
        },
        'c1 4 s later': () => writer.write(5),
      },
    }),
  },
  {
    names: ['11-gap-between-SUBSCRIBED-and-system-ok-cold'],
    scaled: '0.5 s until `system ok` instead of 1.9 s',
    isFolded: true,
    vices: { systemOkDelayMs: 500, isGapLossy: true },
    direct: (scene) => ({
      beforeConnect: () => Promise.resolve(scene.writer.start(writeEveryMs)),
      onSystemOk: (_nth, playing) => untilFlowing(scene, playing),
      onNote: { summary: (playing) => settle(scene, playing) },
      judge: judgeLosses(scene, oneGap),
    }),
  },
  {
    names: ['11-gap-between-SUBSCRIBED-and-system-ok-warm'],
    scaled: '',
    isFolded: true,
    direct: (scene) => ({
      onSystemOk: async (_nth, playing) => {
        scene.writer.start(writeEveryMs);
        await untilFlowing(scene, playing);
        await settle(scene, playing);
      },
      judge: judgeLosses(scene, none),
    }),
  },
  {
    names: ['12-publication'],
    scaled: 'the publication is looked at every 0.1 s instead of every minute',
    isFolded: true,
    options: { publicationCheckMs: 100 },
    direct: (scene) => ({
      onSystemOk: writesOn(scene, ''),
      onNote: {
        'alter publication': () =>
          scene.bench.sql('alter publication supabase_realtime add table copilot_internal.added_later'),
        summary: async (playing) => {
          await untilFlowing(scene, playing);
          await settle(scene, playing);
        },
      },
      judge: judgeLosses(scene, none),
    }),
  },
  {
    names: ['13-limits'],
    scaled: 'a refused join is answered after 0.5 s instead of 5 s',
    options: { refusalDelayMs: { connect: 20, join: 500 } },
  },
  {
    names: ['14-bulk-100000'],
    scaled: 'the change feed is back after 0.3 s instead of 15 s',
    vices: { bulkOutage: { isOn: true, maxRows: 50_000, outageMs: 300 } },
    setUp: 'insert into copilot_internal.bulk select i, 0 from generate_series(1, 100000) i',
    direct: (scene) => ({
      isIgnored: isChange,
      onNote: {
        'bulk committed': async () => {
          await scene.bench.sql(bulkUpdate);
          scene.writer.start(writeEveryMs);
        },
        summary: async (playing) => {
          const onC2: Playing = { frames: () => playing.frames('c2') };
          await untilFlowing(scene, onC2);
          await settle(scene, onC2);
        },
      },
      judge: (frames) => [
        ...(bulkIds(frames('c1')).length === 0 ? [] : ['events of the bulk came']),
        ...(judgeLosses(scene, oneGap)?.(() => frames('c2')) ?? []),
      ],
    }),
  },
];
