// A whole local Supabase with a Redis beside it: PostgreSQL, the Data API and Auth, the Realtime gateway, one address in
// front of them. Owns the order in which the parts start and end, and that nothing is left of a start that failed.
// A development double: README.md says where it differs from the real thing.
import { type ApiGateway, startApiGateway } from './api-gateway/api-gateway.ts';
import { type DataApi, startDataApi } from './data-api/data-api.ts';
import { DevstackError } from './devstack-error.ts';
import { type FaultProxy, startFaultProxy } from './fault-proxy/index.ts';
import { type ApiKeys, type JwtOptions, makeApiKeys, signJwt } from './keys.ts';
import { applyMigrations } from './migrations/index.ts';
import { type PostgresServer, startPostgres } from './postgres/index.ts';
import { startWatchdog, type Watchdog } from './processes/watchdog.ts';
import { createRealtimeGateway, type RealtimeGateway } from './realtime/index.ts';
import { type RedisServer, startRedis } from './redis/index.ts';
import {
  type FaultPart,
  type ResolvedStackOptions,
  resolveStackOptions,
  type StackOptions,
} from './stack-options.ts';

export interface Stack extends AsyncDisposable {
  /** What a Supabase client is created with. Leads through the fault proxy, if there is one. */
  readonly url: string;
  readonly anonKey: string;
  readonly serviceRoleKey: string;
  readonly jwtSecret: string;
  /** A token of this stack; `role` in the claims is a database role, default authenticated. */
  signJwt(claims: Readonly<Record<string, unknown>>, options?: JwtOptions): Promise<string>;
  /** As `postgres`. Leads through the fault proxy, if there is one; `postgres.url` never does. */
  readonly databaseUrl: string;
  /** Leads through the fault proxy, if there is one; `redis.url` never does. */
  readonly redisUrl: string;
  readonly postgres: PostgresServer;
  readonly dataApi: DataApi;
  readonly hasRedis: boolean;
  /** Reading a part that was not wanted throws DEVSTACK_BAD_STATE: redis, realtime, each of the proxies. */
  readonly redis: RedisServer;
  readonly realtime: RealtimeGateway;
  readonly proxies: Readonly<Record<FaultPart, FaultProxy>>;
  /** Ends what it is told of when this process dies, by whatever: for processes and folders that belong to the stack. */
  readonly watchdog: Watchdog;
  /** Runs before the parts are closed; the latest first. */
  onClose(run: () => void | Promise<void>): void;
  /** Ends everything and removes its data. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a stack; about a second. Several may run side by side.
 *
 * @throws DevstackError as its parts do; nothing is left behind then
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const resolved = resolveStackOptions(options);
  const disposables = new AsyncDisposableStack();
  try {
    return await start(resolved, disposables);
  } catch (error) {
    await disposables.disposeAsync();
    throw error;
  }
}

async function start(options: ResolvedStackOptions, disposables: AsyncDisposableStack): Promise<Stack> {
  const watchdog = startWatchdog();
  disposables.defer(() => watchdog.close());
  const keeping: Keeping = { watchdog, disposables, keep: async (part) => disposables.use(await part) };
  const [servers, keys] = await both(startServers(options, keeping), makeApiKeys(options.jwtSecret));
  const services = await startServices(options, servers.postgres, keeping);
  const gateway = await startApiGateway({
    host: options.host,
    port: options.ports.api,
    apiKeys: [keys.anonKey, keys.serviceRoleKey],
    dataApiPort: services.dataApi.port,
    realtime: services.realtime,
  });
  disposables.defer(() => gateway.close());
  const proxies = await startProxies(options.faults, { ...servers, gateway, ...keeping });
  return describe({ options, keys, ...servers, ...services, gateway, proxies, ...keeping });
}

interface Keeping {
  readonly watchdog: Watchdog;
  readonly disposables: AsyncDisposableStack;
  /** Sees to it that a part is closed with the stack, as soon as there is a part. */
  readonly keep: <T extends AsyncDisposable>(part: Promise<T>) => Promise<T>;
}

interface Servers {
  readonly postgres: PostgresServer;
  readonly redis: RedisServer | undefined;
}

async function startServers(
  { ports, onLog, ...options }: ResolvedStackOptions,
  { watchdog, keep }: Keeping,
): Promise<Servers> {
  const postgres = keep(
    startPostgres({
      ...options.postgres,
      ...(ports.database === undefined ? {} : { port: ports.database }),
      onLog: (line) => onLog('postgres', line),
      watchdog,
    }),
  );
  if (options.redis === undefined) return { postgres: await postgres, redis: undefined };
  const redis = keep(
    startRedis({
      ...options.redis,
      ...(ports.redis === undefined ? {} : { port: ports.redis }),
      onLog: (line) => onLog('redis', line),
      watchdog,
    }),
  );
  const [startedPostgres, startedRedis] = await both(postgres, redis);
  return { postgres: startedPostgres, redis: startedRedis };
}

interface Services {
  readonly dataApi: DataApi;
  readonly realtime: RealtimeGateway | undefined;
}

async function startServices(
  { jwtSecret, migrations: folder, seedFile, schemas, maxRows, ...options }: ResolvedStackOptions,
  postgres: PostgresServer,
  { watchdog, keep, disposables }: Keeping,
): Promise<Services> {
  const migrations: Promise<unknown> =
    folder === undefined
      ? Promise.resolve()
      : applyMigrations({
          databaseUrl: postgres.url,
          folder,
          ...(seedFile === undefined ? {} : { seedFile }),
        });
  const starting = keep(
    startDataApi({
      restUrl: postgres.urlFor('authenticator'),
      authUrl: postgres.urlFor('supabase_auth_admin'),
      catalogUrl: postgres.urlFor('supabase_admin'),
      jwtSecret,
      schemas,
      maxRows,
      siteUrl: 'http://127.0.0.1:3000',
      watchdog,
      onLog: (line) => options.onLog('data-api', line),
    }),
  );
  const [dataApi] = await both(starting, migrations);
  if (options.realtime === undefined) {
    await dataApi.reloadSchema();
    return { dataApi, realtime: undefined };
  }
  const databaseUrl = postgres.urlFor('supabase_admin');
  const realtime = createRealtimeGateway({ ...options.realtime, databaseUrl, jwtSecret });
  disposables.use(realtime);
  await both(dataApi.reloadSchema(), realtime.start());
  return { dataApi, realtime };
}

/** Fails as Promise.all does, but not before both have come to an end: nothing starts behind the back of a failure. */
async function both<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([first, second]);
  return [await first, await second];
}

type Proxies = Partial<Record<FaultPart, FaultProxy>>;

async function startProxies(
  faults: readonly FaultPart[],
  parts: Servers & { readonly gateway: ApiGateway; readonly disposables: AsyncDisposableStack },
): Promise<Proxies> {
  const targets = {
    http: { host: '127.0.0.1', port: parts.gateway.port },
    postgres: parts.postgres,
    redis: parts.redis,
  };
  const proxies: Proxies = {};
  for (const part of new Set(faults)) {
    const target = targets[part];
    if (target === undefined) throw notWanted(part);
    const proxy = await startFaultProxy({ target: { host: target.host, port: target.port } });
    parts.disposables.use(proxy);
    proxies[part] = proxy;
  }
  return proxies;
}

interface Parts extends Servers, Services, Keeping {
  readonly options: ResolvedStackOptions;
  readonly keys: ApiKeys;
  readonly gateway: ApiGateway;
  readonly proxies: Proxies;
}

function describe(parts: Parts): Stack {
  const { postgres, redis, realtime, proxies, disposables } = parts;
  const { jwtSecret } = parts.options;
  const url = `http://127.0.0.1:${parts.gateway.port}`;
  const close = once(() => disposables.disposeAsync());
  return {
    url: proxies.http === undefined ? url : `http://127.0.0.1:${proxies.http.port}`,
    ...parts.keys,
    jwtSecret,
    signJwt: (claims, options) => signJwt(jwtSecret, claims, options),
    databaseUrl: proxies.postgres?.urlFor(postgres.url) ?? postgres.url,
    get redisUrl() {
      const direct = mustBeWanted('redis', redis).url;
      return proxies.redis?.urlFor(direct) ?? direct;
    },
    postgres,
    dataApi: parts.dataApi,
    hasRedis: redis !== undefined,
    get redis() {
      return mustBeWanted('redis', redis);
    },
    get realtime() {
      return mustBeWanted('realtime', realtime);
    },
    proxies: {
      get http() {
        return mustBeWanted('proxies.http', proxies.http);
      },
      get postgres() {
        return mustBeWanted('proxies.postgres', proxies.postgres);
      },
      get redis() {
        return mustBeWanted('proxies.redis', proxies.redis);
      },
    },
    watchdog: parts.watchdog,
    onClose: (run) => disposables.defer(async () => run()),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function once(run: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= run());
}

function mustBeWanted<T>(name: string, part: T | undefined): T {
  if (part === undefined) throw notWanted(name);
  return part;
}

function notWanted(name: string): DevstackError {
  return new DevstackError(
    'DEVSTACK_BAD_STATE',
    `this stack was started without ${name}: ask startStack for it`,
  );
}
