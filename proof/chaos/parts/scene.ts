// Everything a fault run consists of: the stack, a proxy before Redis for each process, three instances, two sidecars, a
// writer, the oracle. Owns their start and their end; what breaks them is in faults/.
import path from 'node:path';
import { type FaultProxy, type Stack, startFaultProxy, startStack } from '@tidemark/devstack';
import { Pool } from 'pg';
import { type Commit, Commits } from '../judge/commits.ts';
import { fillerCount, instanceCount, keyCount, keyName, keyNumber } from '../keys.ts';
import { sharedMs } from '../shared-clock.ts';
import { Child } from './child.ts';
import { InstanceSlot } from './instance-slot.ts';
import type { Contestant } from './messages.ts';
import { RedisPlace } from './redis-place.ts';
import { SidecarSlot } from './sidecar-slot.ts';

export interface SceneOptions {
  readonly contestant: Contestant;
  readonly seed: number;
  readonly boundMs: number;
}

export interface Scene extends AsyncDisposable {
  readonly options: SceneOptions;
  readonly stack: Stack;
  readonly redis: RedisPlace;
  readonly instances: readonly InstanceSlot[];
  readonly sidecars: readonly SidecarSlot[];
  readonly writer: Child;
  readonly commits: Commits;
  /** An operator's connections, past all proxies, as the owner of the cluster. */
  readonly pool: Pool;
}

const sidecarCount = 2;
const writerFile = path.join(import.meta.dirname, '..', 'writer', 'main.ts');

export async function startScene(options: SceneOptions): Promise<Scene> {
  const disposables = new AsyncDisposableStack();
  try {
    return await start(options, disposables);
  } catch (error) {
    await disposables.disposeAsync();
    throw error;
  }
}

async function start(options: SceneOptions, disposables: AsyncDisposableStack): Promise<Scene> {
  const stack = await startStack({ redis: { isPersistent: true }, faults: ['postgres', 'http'] });
  disposables.use(stack);
  // The rows change more often than a Realtime tenant may; a fault of its own turns the limit on.
  stack.realtime.vices.rateLimit = { ...stack.realtime.vices.rateLimit, isOn: false };
  const pool = new Pool({ connectionString: stack.postgres.urlFor('supabase_admin'), max: 4 });
  pool.on('error', () => undefined);
  disposables.defer(() => pool.end());
  const commits = new Commits(keyCount);
  await createRows(pool, options.contestant);
  await settleCommits(pool, commits);

  const proxies: FaultProxy[] = [];
  for (let count = 0; count < instanceCount + sidecarCount; count += 1) {
    proxies.push(disposables.use(await startFaultProxy({ target: stack.redis })));
  }
  const redis = new RedisPlace(stack.redis, proxies, stack.watchdog);
  disposables.defer(() => redis.close());
  const sidecars = proxies
    .slice(instanceCount)
    .map((proxy, slot) => sidecarOf(options, stack, { proxy, slot }));
  for (const sidecar of sidecars) {
    disposables.defer(() => sidecar.close());
    await sidecar.start();
  }
  const instances = proxies.slice(0, instanceCount).map((proxy, slot) => {
    const settings = { ...options, slot, databaseUrl: stack.databaseUrl, seed: options.seed + slot };
    return new InstanceSlot({ settings, proxy, watchdog: stack.watchdog, commits });
  });
  for (const instance of instances) {
    disposables.defer(() => instance.close());
    await instance.start();
  }
  const writer = writerOf(options.seed, stack, (commit) => commits.add(commit));
  disposables.defer(() => writer.kill());
  await writer.started;
  const close = once(() => disposables.disposeAsync());
  return {
    options,
    stack,
    redis,
    instances,
    sidecars,
    writer,
    commits,
    pool,
    [Symbol.asyncDispose]: close,
  };
}

/** A process that writes rows past every cache; told of by its commits. */
export function writerOf(seed: number, stack: Stack, onCommit: (commit: Commit) => void): Child {
  return new Child({
    file: writerFile,
    settings: { seed, databaseUrl: stack.databaseUrl },
    watchdog: stack.watchdog,
    onTold: (told) => told.kind === 'commit' && onCommit(told.commit),
  });
}

function sidecarOf(
  { contestant }: SceneOptions,
  stack: Stack,
  { proxy, slot }: { readonly proxy: FaultProxy; readonly slot: number },
): SidecarSlot {
  const environment = {
    SUPABASE_URL: stack.url,
    SUPABASE_SERVICE_ROLE_KEY: stack.serviceRoleKey,
    DATABASE_URL: stack.databaseUrl,
  };
  return new SidecarSlot({ contestant, slot, proxy, watchdog: stack.watchdog, environment });
}

/** The rows, version 0 each, and far more that nobody reads. */
export async function createRows(pool: Pool, contestant: Contestant): Promise<void> {
  await pool.query(createTableSql);
  const names = Array.from({ length: keyCount }, (_, key) => keyName(key));
  await pool.query('insert into public.item (id) select unnest($1::text[])', [names]);
  await pool.query(`insert into public.item (id) select 'filler' || n from generate_series(1, $1) n`, [
    fillerCount,
  ]);
  await pool.query('analyze public.item');
  if (contestant === 'tidemark') await pool.query(trackSql);
  else await pool.query('alter publication supabase_realtime add table public.item');
}

export const createTableSql = `
  create table public.item (
    id text primary key, version integer not null default 0, previous integer not null default -1);
  alter table public.item owner to postgres;
  grant all on public.item to service_role`;

export const trackSql = `select tidemark.track('public.item', 'id', array['copilot:item'])`;

/** Tells the oracle what the database holds. To be called while nobody writes. @returns the versions by key */
export async function settleCommits(pool: Pool, commits: Commits): Promise<readonly number[]> {
  const { rows } = await pool.query<{ id: string; version: number }>(
    `select id, version from public.item where id like 'k%'`,
  );
  const versions: number[] = [];
  for (const { id, version } of rows) {
    versions[keyNumber(id)] = version;
    commits.settle(keyNumber(id), version, sharedMs());
  }
  return versions;
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= run());
}
