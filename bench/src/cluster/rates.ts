// How many rounds and L2 reads a second several namespaces get from one server, and from three masters of a Cluster. The
// driver is this process: on a machine of few cores it is what ends first, and the time of the servers tells the rest.
import { type RedisPlaceKind, startRedisPlace } from '@tidemark/devstack';
import { systemClock } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { NamespaceScene } from './namespace-scene.ts';

export interface Rate {
  readonly place: RedisPlaceKind;
  readonly namespaces: number;
  readonly perSecond: number;
  /** Of all servers together, for one of them. */
  readonly serverMicros: number;
  /** The busiest server, as a part of one core. */
  readonly busiest: number;
}

export interface Rates {
  readonly rounds: readonly Rate[];
  readonly reads: readonly Rate[];
}

/** L2 reads of a namespace that are on their way at once. */
const readsAtOnce = 64;

/** In the slots of all three masters, two in each third. */
const names = ['main', 'orders', 'a', 'talks', 'users', 'best-effort'];

export async function measureRates(
  places: readonly RedisPlaceKind[],
  counts: readonly number[],
  durationMs: number,
): Promise<Rates> {
  const rounds: Rate[] = [];
  const reads: Rate[] = [];
  for (const kind of places) {
    await using place = await startRedisPlace(kind);
    const scenes = names.map((name) => new NamespaceScene(place.option, name));
    try {
      const urls = await Promise.all(scenes.map(({ keys }) => place.urlOf(keys.head)));
      for (const { redis } of scenes) {
        if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
      }
      for (const scene of scenes) await scene.open();
      for (const count of counts) {
        const [using, at] = [scenes.slice(0, count), [...new Set(urls)]];
        const common = { place: kind, namespaces: count };
        rounds.push({
          ...common,
          ...(await rateOf({ scenes: using, urls: at, width: 1, durationMs }, (one) => one.round(1))),
        });
        reads.push({
          ...common,
          ...(await rateOf({ scenes: using, urls: at, width: readsAtOnce, durationMs }, (one) =>
            one.readValue(),
          )),
        });
      }
    } finally {
      for (const scene of scenes) scene[Symbol.dispose]();
    }
  }
  return { rounds, reads };
}

interface Driving {
  readonly scenes: readonly NamespaceScene[];
  readonly urls: readonly string[];
  readonly width: number;
  readonly durationMs: number;
}

async function rateOf(
  { scenes, urls, width, durationMs }: Driving,
  run: (scene: NamespaceScene) => Promise<void>,
): Promise<Pick<Rate, 'perSecond' | 'serverMicros' | 'busiest'>> {
  const admins = urls.map((url) => new Redis(url));
  try {
    const before = await Promise.all(admins.map(cpuMicros));
    const startedMs = systemClock.monotonicMs();
    const endMs = startedMs + durationMs;
    let done = 0;
    const drive = async (scene: NamespaceScene): Promise<void> => {
      while (systemClock.monotonicMs() < endMs) {
        await run(scene);
        done += 1;
      }
    };
    await Promise.all(scenes.flatMap((scene) => Array.from({ length: width }, () => drive(scene))));
    const tookMs = systemClock.monotonicMs() - startedMs;
    const after = await Promise.all(admins.map(cpuMicros));
    const used = after.map((micros, at) => micros - (before[at] ?? 0));
    return {
      perSecond: (done / tookMs) * 1_000,
      serverMicros: used.reduce((sum, micros) => sum + micros, 0) / done,
      busiest: Math.max(...used) / (tookMs * 1_000),
    };
  } finally {
    for (const admin of admins) admin.disconnect();
  }
}

async function cpuMicros(admin: Redis): Promise<number> {
  const text = await admin.info('cpu');
  const seconds = [...text.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].map(([, value]) => Number(value));
  return seconds.reduce((sum, one) => sum + one, 0) * 1e6;
}
