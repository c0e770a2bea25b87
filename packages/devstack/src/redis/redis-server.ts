// One Redis server on a data folder and a port of its own. Owns the life of its process; never speaks Redis to it.
// When REDIS_URL names a running server, that one is used and only looked at: whatever would break it is refused.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { DevstackError } from '../devstack-error.ts';
import { onFreePort } from '../processes/free-port.ts';
import { makeServerFolder } from '../processes/server-folder.ts';
import { ServerLife } from '../processes/server-life.ts';
import { type ServerProcess, startServerProcess } from '../processes/server-process.ts';
import { startWatchdog, type Watchdog } from '../processes/watchdog.ts';
import { chooseRedis } from './redis-program.ts';

export interface RedisOptions {
  /** Default: a free one. */
  readonly port?: number;
  /** Append-only file on: a restart finds the data again. Default false: it finds nothing. */
  readonly isPersistent?: boolean;
  /** More settings, as in redis.conf: `{ maxmemory: '2mb' }`. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Start as a replica of this server. */
  readonly replicaOf?: { readonly host: string; readonly port: number };
  /** Every line of the server's log. Default: only the last ones are kept, for error messages. */
  readonly onLog?: (line: string) => void;
  /** Shared by the parts of a stack. Default: one of its own. */
  readonly watchdog?: Watchdog;
  /** Where REDIS_URL, TIDEMARK_REDIS_SERVER and PATH are read. Default: process.env. */
  readonly environment?: NodeJS.ProcessEnv;
}

export interface RedisRestartOptions {
  /** Start without the data, also when it is persistent. */
  readonly isEmpty?: boolean;
  /** Start with the data of that moment. */
  readonly from?: RedisSnapshot;
}

/** The data of a persistent server at one moment; lives as long as the server object. */
export interface RedisSnapshot {
  readonly folder: string;
}

export interface RedisServer extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** True when REDIS_URL named it: it is shared with others, and nothing that breaks it is possible. */
  readonly isExternal: boolean;
  /** Undefined while stopped. */
  readonly pid: number | undefined;
  start(): Promise<void>;
  /** In order: a persistent server has written everything. */
  stop(): Promise<void>;
  /** Stops it if it runs, and starts it on the same port. */
  restart(options?: RedisRestartOptions): Promise<void>;
  /** Default: SIGKILL. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Stops the process: connections stay open and nothing answers. */
  freeze(): Promise<void>;
  thaw(): void;
  /** What a crash at this moment would leave, to come back to later. Persistent servers only. */
  snapshot(): Promise<RedisSnapshot>;
  /** Ends the server and removes its data. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a Redis, or takes the one that REDIS_URL names.
 *
 * @throws DevstackError DEVSTACK_UNSUPPORTED without any Redis, DEVSTACK_OPTION when options cannot be had from the
 *   server that REDIS_URL names, DEVSTACK_START_FAILED with the server's last words when it does not come up
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const choice = chooseRedis(options.environment ?? process.env);
  if (choice.kind === 'external') return externalRedis(choice.url, options);
  const watchdog = options.watchdog ?? startWatchdog();
  const folder = makeServerFolder('tidemark-redis-');
  watchdog.addPath(folder);
  const release = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    watchdog.removePath(folder);
    if (options.watchdog === undefined) await watchdog.close();
  };
  try {
    return await onFreePort(options.port, async (port) => {
      const server = new LocalRedis({ program: choice.program, folder, port, watchdog, options, release });
      await server.start();
      return server;
    });
  } catch (error) {
    await release();
    throw error;
  }
}

function externalRedis(url: string, options: RedisOptions): RedisServer {
  const impossible = (['port', 'isPersistent', 'settings', 'replicaOf'] as const).filter(
    (name) => options[name] !== undefined,
  );
  if (impossible.length > 0) {
    throw new DevstackError(
      'DEVSTACK_OPTION',
      `REDIS_URL names a running server, so ${impossible.join(', ')} cannot be set: unset REDIS_URL to start one`,
    );
  }
  const refuse = async (): Promise<never> => {
    throw new DevstackError(
      'DEVSTACK_BAD_STATE',
      'the Redis that REDIS_URL names belongs to somebody else and is not stopped, killed or frozen: unset REDIS_URL',
    );
  };
  const { hostname, port } = new URL(url);
  return {
    host: hostname,
    port: port === '' ? 6379 : Number(port),
    url,
    isExternal: true,
    pid: undefined,
    start: async () => undefined,
    stop: refuse,
    restart: refuse,
    kill: refuse,
    freeze: refuse,
    thaw: () => undefined,
    snapshot: refuse,
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
}

interface Surroundings {
  readonly program: string;
  readonly folder: string;
  readonly port: number;
  readonly watchdog: Watchdog;
  readonly options: RedisOptions;
  readonly release: () => Promise<void>;
}

class LocalRedis implements RedisServer {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly isExternal = false;
  readonly #surroundings: Surroundings;
  readonly #dataFolder: string;
  readonly #life: ServerLife;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.port = surroundings.port;
    this.#dataFolder = path.join(surroundings.folder, 'data');
    this.#life = new ServerLife('Redis', () => this.#launch());
  }

  get url(): string {
    return `redis://${this.host}:${this.port}`;
  }

  get pid(): number | undefined {
    return this.#life.pid;
  }

  start(): Promise<void> {
    return this.#life.start();
  }

  stop(): Promise<void> {
    return this.#life.end('SIGTERM');
  }

  async restart({ isEmpty = false, from }: RedisRestartOptions = {}): Promise<void> {
    if (from !== undefined) this.#mustBePersistent('restart from a snapshot');
    await this.stop();
    if (isEmpty || from !== undefined) await rm(this.#dataFolder, { recursive: true, force: true });
    if (from !== undefined) await copyFolder(from.folder, this.#dataFolder);
    await this.start();
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    return this.#life.kill(signal);
  }

  freeze(): Promise<void> {
    return this.#life.freeze();
  }

  thaw(): void {
    this.#life.thaw();
  }

  async snapshot(): Promise<RedisSnapshot> {
    this.#mustBePersistent('take a snapshot of');
    const folder = path.join(await mkdtemp(path.join(this.#surroundings.folder, 'snapshot-')), 'data');
    // Redis answers a write after it wrote the append-only file: while it stands still, the file is what a crash
    // would leave.
    const mustFreeze = this.pid !== undefined && !this.#life.isFrozen;
    if (mustFreeze) await this.freeze();
    try {
      await copyFolder(this.#dataFolder, folder);
    } finally {
      if (mustFreeze) this.thaw();
    }
    return { folder };
  }

  close(): Promise<void> {
    return this.#life.close(async () => {
      try {
        // The data goes with the server: there is nothing to write it for.
        await this.#life.end('SIGKILL');
      } finally {
        await this.#surroundings.release();
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #launch(): Promise<ServerProcess> {
    const { program, folder, options, watchdog } = this.#surroundings;
    await mkdir(this.#dataFolder, { recursive: true });
    return startServerProcess({
      name: 'Redis',
      program,
      arguments: settingArguments({
        port: this.port,
        bind: this.host,
        dir: this.#dataFolder,
        // No background saves: the append-only file alone says what a restart finds.
        save: '',
        appendonly: options.isPersistent === true ? 'yes' : 'no',
        'repl-diskless-sync-delay': 0,
        ...(options.replicaOf === undefined
          ? {}
          : { replicaof: `${options.replicaOf.host} ${options.replicaOf.port}` }),
        ...options.settings,
      }),
      folder,
      isReadyLine: (line) => line.includes('Ready to accept connections'),
      onLine: options.onLog,
      watchdog,
    });
  }

  #mustBePersistent(verb: string): void {
    if (this.#surroundings.options.isPersistent !== true) throw this.#life.badState(verb, 'not persistent');
  }
}

function settingArguments(settings: Readonly<Record<string, string | number>>): string[] {
  return Object.entries(settings).flatMap(([name, value]) => [
    `--${name}`,
    // Several words are several arguments ("replicaof host port"), nothing is an empty one ("save").
    ...(value === '' ? [''] : String(value).split(' ')),
  ]);
}

async function copyFolder(from: string, to: string): Promise<void> {
  await promisify(execFile)('cp', ['-a', from, to]);
}
