// A deployment under load with several processes that may run the rounds, each with a fault proxy before Redis and one
// before PostgreSQL. Owns their start and their end; instances, sidecars, writer and judge are those of the fault run.
import { type FaultProxy, type Stack, startFaultProxy, startStack } from '@tidemark/devstack';
import { Pool } from 'pg';
import type { LoadedScene } from '../chaos/history.ts';
import { Commits } from '../chaos/judge/commits.ts';
import type { Commit } from '../chaos/judge/commits.ts';
import { instanceCount, keyCount } from '../chaos/keys.ts';
import { InstanceSlot } from '../chaos/parts/instance-slot.ts';
import type { InstanceSettings } from '../chaos/parts/messages.ts';
import { createRows, settleCommits, writerOf } from '../chaos/parts/scene.ts';
import { SidecarSlot } from '../chaos/parts/sidecar-slot.ts';
import {
  type Contender,
  type ContenderParts,
  InstanceContender,
  SidecarContender,
  Voice,
} from './contender.ts';
import { Witness } from './witness.ts';

export interface Deployment {
  readonly name: string;
  /** That run all the time. */
  readonly sidecars: number;
  /** Whether the instances run rounds, too. */
  readonly isEmbedded: boolean;
}

export interface TakeoverSceneOptions {
  readonly seed: number;
  readonly boundMs: number;
  readonly roundEveryMs: number;
}

export interface TakeoverScene extends LoadedScene, AsyncDisposable {
  readonly settings: TakeoverSceneOptions;
  /** Those that run; in a rolling update they change. */
  readonly contenders: readonly Contender[];
  /** A sidecar that does not run: the place of the new one in a rolling update. */
  readonly spare: Contender;
  /** The new one has taken the place of the old one, which is the next to spare. */
  replace(old: Contender, fresh: Contender): void;
  readonly witness: Witness;
  /** Commits of all writers since the last time. */
  takeCommits(): readonly Commit[];
  /** Idempotent. */
  close(): Promise<void>;
}

export async function startTakeoverScene(
  deployment: Deployment,
  options: TakeoverSceneOptions,
): Promise<TakeoverScene> {
  const disposables = new AsyncDisposableStack();
  try {
    return await start(deployment, options, disposables);
  } catch (error) {
    await disposables.disposeAsync();
    throw error;
  }
}

async function start(
  { sidecars: sidecarCount, isEmbedded }: Deployment,
  settings: TakeoverSceneOptions,
  disposables: AsyncDisposableStack,
): Promise<TakeoverScene> {
  const { seed, boundMs } = settings;
  const stack = disposables.use(await startStack({}));
  stack.realtime.vices.rateLimit = { ...stack.realtime.vices.rateLimit, isOn: false };
  const pool = new Pool({ connectionString: stack.postgres.urlFor('supabase_admin'), max: 4 });
  pool.on('error', () => undefined);
  disposables.defer(() => pool.end());
  const commits = new RecordedCommits(keyCount);
  await createRows(pool, 'tidemark');
  await settleCommits(pool, commits);
  const witness = new Witness(stack.redis.url);
  disposables.defer(() => witness.close());
  await witness.start();

  const place: Place = { stack, settings, commits, disposables };
  const sidecars: SidecarContender[] = [];
  for (let slot = 0; slot <= sidecarCount; slot += 1) sidecars.push(await sidecarOf(place, slot));
  const spare = sidecars.pop();
  if (spare === undefined) throw new Error('a scene needs a sidecar to spare');
  for (const sidecar of sidecars) await sidecar.start();
  const placed: { slot: InstanceSlot; contender: InstanceContender }[] = [];
  for (let slot = 0; slot < instanceCount; slot += 1) placed.push(await instanceOf(place, slot, isEmbedded));
  for (const { slot } of placed) await slot.start();
  const writer = writerOf(seed, stack, (commit) => commits.add(commit));
  disposables.defer(() => writer.kill());
  await writer.started;
  const contenders: Contender[] = [
    ...sidecars,
    ...(isEmbedded ? placed.map(({ contender }) => contender) : []),
  ];
  let toSpare: Contender = spare;
  const close = (): Promise<void> => disposables.disposeAsync();
  return {
    options: { contestant: 'tidemark', seed, boundMs },
    settings,
    pool,
    commits,
    writer,
    witness,
    get spare() {
      return toSpare;
    },
    replace(old, fresh) {
      contenders.splice(contenders.indexOf(old), 1, fresh);
      toSpare = old;
    },
    instances: placed.map(({ slot }) => slot),
    contenders,
    takeCommits: () => commits.take(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Place {
  readonly stack: Stack;
  readonly settings: TakeoverSceneOptions;
  readonly commits: Commits;
  readonly disposables: AsyncDisposableStack;
}

async function partsOf({ stack, disposables }: Place): Promise<ContenderParts> {
  const proxyOf = async (target: { host: string; port: number }): Promise<FaultProxy> =>
    disposables.use(await startFaultProxy({ target: { host: target.host, port: target.port } }));
  return { redisProxy: await proxyOf(stack.redis), databaseProxy: await proxyOf(stack.postgres) };
}

async function sidecarOf(place: Place, slot: number): Promise<SidecarContender> {
  const { stack, settings, disposables } = place;
  const parts = await partsOf(place);
  const voice = new Voice();
  const sidecar = new SidecarSlot({
    contestant: 'tidemark',
    slot,
    proxy: parts.redisProxy,
    watchdog: stack.watchdog,
    environment: {
      SUPABASE_URL: stack.url,
      SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
      DATABASE_URL: parts.databaseProxy.urlFor(stack.postgres.url),
      TIDEMARK_ROUND_EVERY: `${settings.roundEveryMs}ms`,
      TIDEMARK_MAX_STALENESS: `${settings.boundMs}ms`,
    },
    onLine: (line) => {
      const { msg, generation, namespace } = JSON.parse(line) as Record<string, unknown>;
      if (typeof namespace !== 'string' || typeof msg !== 'string') return;
      voice.hear({ namespace, msg, ...(typeof generation === 'number' ? { generation } : {}) });
    },
  });
  disposables.defer(() => sidecar.close());
  return new SidecarContender(sidecar, voice, parts);
}

async function instanceOf(
  place: Place,
  slot: number,
  isEmbedded: boolean,
): Promise<{ slot: InstanceSlot; contender: InstanceContender }> {
  const { stack, settings, commits, disposables } = place;
  const { seed, boundMs, roundEveryMs } = settings;
  const parts = await partsOf(place);
  const voice = new Voice();
  const engine = { databaseUrl: parts.databaseProxy.urlFor(stack.postgres.url), roundEveryMs };
  const instanceSettings: Omit<InstanceSettings, 'redisUrl'> = {
    contestant: 'tidemark',
    slot,
    seed: seed + slot,
    databaseUrl: stack.databaseUrl,
    boundMs,
    ...(isEmbedded ? { engine } : {}),
  };
  const instance = new InstanceSlot({
    settings: instanceSettings,
    proxy: parts.redisProxy,
    watchdog: stack.watchdog,
    commits,
    onEngine: (said) => voice.hear(said),
  });
  disposables.defer(() => instance.close());
  return { slot: instance, contender: new InstanceContender(instance, voice, parts) };
}

/** What the oracle knows, and beside it every commit since the last time somebody asked. */
class RecordedCommits extends Commits {
  #recent: Commit[] = [];

  override add(commit: Commit): void {
    super.add(commit);
    this.#recent.push(commit);
  }

  take(): readonly Commit[] {
    const recent = this.#recent;
    this.#recent = [];
    return recent;
  }
}
