// One PostgreSQL server on a data folder of its own. Owns the life of its process, the folder and the port (which it
// keeps through every restart); never the content of the database.
import { execFile } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { onFreePort } from '../processes/free-port.ts';
import { makeServerFolder } from '../processes/server-folder.ts';
import { ServerLife } from '../processes/server-life.ts';
import { type ServerProcess, startServerProcess } from '../processes/server-process.ts';
import { startWatchdog, type Watchdog } from '../processes/watchdog.ts';
import { findPostgresBinaries, type PostgresBinaries } from './binaries.ts';
import { databasePassword } from './bootstrap-sql.ts';
import { commonArguments, copyTemplate, readyLine } from './template.ts';

export interface PostgresOptions {
  /** Default: a free one. A given port that is taken is an error. */
  readonly port?: number;
  /** fsync and full page writes on: slower, and only a machine that loses power can tell. Default false. */
  readonly isDurable?: boolean;
  /** More server settings, as in postgresql.conf; they win over the ones of this file. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Every line of the server's log. Default: only the last ones are kept, for error messages. */
  readonly onLog?: (line: string) => void;
  /** Shared by the parts of a stack. Default: one of its own. */
  readonly watchdog?: Watchdog;
}

/** fast: connections are ended, data is flushed. immediate: as after a crash, the next start recovers from the WAL. */
export type PostgresStopMode = 'fast' | 'immediate';

export interface PostgresServer extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** As `postgres`, the role of migrations; like Supabase's it is no superuser. */
  readonly url: string;
  /** The database as another role; all roles that may log in have the same password. */
  urlFor(role: 'postgres' | 'supabase_admin' | 'authenticator' | 'supabase_auth_admin'): string;
  readonly dataFolder: string;
  /** Of the postmaster; undefined while stopped. */
  readonly pid: number | undefined;
  start(): Promise<void>;
  /** Default mode: fast. */
  stop(mode?: PostgresStopMode): Promise<void>;
  /** On the same port and data. Default mode: fast. */
  restart(mode?: PostgresStopMode): Promise<void>;
  /** SIGKILL (the default) goes to the postmaster and all its children at once; other signals to the postmaster. */
  kill(signal?: 'SIGKILL' | 'SIGQUIT' | 'SIGINT'): Promise<void>;
  /** Stops every process of the server: connections stay open and nothing answers. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Ends the server and removes its data. Idempotent. */
  close(): Promise<void>;
}

const stopSignals = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** A stack serves many instances at once, each with its own pool, and logical replication for Realtime. */
const defaultSettings = {
  wal_level: 'logical',
  max_connections: 200,
  max_wal_senders: 20,
  max_replication_slots: 20,
  max_logical_replication_workers: 4,
  shared_buffers: '64MB',
  // Segments in the data folder instead of /dev/shm: what is killed with -9 leaves nothing outside of its folder.
  dynamic_shared_memory_type: 'mmap',
  // A killed process loses nothing without fsync, because the kernel keeps its writes; only a power cut does. Commits
  // still write their WAL before they are acknowledged.
  fsync: 'off',
  full_page_writes: 'off',
  scram_iterations: 1,
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // Recovery and restarts must not wait for a quiet moment.
  checkpoint_completion_target: 0,
} as const;

const durableSettings = { fsync: 'on', full_page_writes: 'on' } as const;

/**
 * Starts a PostgreSQL that holds what a Supabase database holds before its first migration.
 *
 * @throws DevstackError DEVSTACK_UNSUPPORTED without binaries for this platform, DEVSTACK_START_FAILED with the server's
 *   last words when it does not come up; nothing is left behind then
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const binaries = findPostgresBinaries();
  const watchdog = options.watchdog ?? startWatchdog();
  const folder = makeServerFolder('tidemark-postgres-', binaries.user);
  watchdog.addPath(folder);
  const release = async (): Promise<void> => {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    watchdog.removePath(folder);
    if (options.watchdog === undefined) await watchdog.close();
  };
  try {
    const dataFolder = path.join(folder, 'data');
    await copyTemplate(binaries, dataFolder, watchdog);
    return await onFreePort(options.port, async (port) => {
      const server = new LocalPostgres({ binaries, watchdog, dataFolder, options, release, port });
      await server.start();
      return server;
    });
  } catch (error) {
    await release();
    throw error;
  }
}

interface Surroundings {
  readonly binaries: PostgresBinaries;
  readonly watchdog: Watchdog;
  readonly dataFolder: string;
  readonly port: number;
  readonly options: PostgresOptions;
  readonly release: () => Promise<void>;
}

class LocalPostgres implements PostgresServer {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly dataFolder: string;
  readonly #surroundings: Surroundings;
  readonly #life: ServerLife;

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.dataFolder = surroundings.dataFolder;
    this.port = surroundings.port;
    this.#life = new ServerLife('PostgreSQL', () => this.#launch());
  }

  get url(): string {
    return this.urlFor('postgres');
  }

  urlFor(role: string): string {
    return `postgresql://${role}:${databasePassword}@${this.host}:${this.port}/postgres`;
  }

  get pid(): number | undefined {
    return this.#life.pid;
  }

  start(): Promise<void> {
    return this.#life.start();
  }

  stop(mode: PostgresStopMode = 'fast'): Promise<void> {
    return this.#life.end(stopSignals[mode]);
  }

  async restart(mode: PostgresStopMode = 'fast'): Promise<void> {
    await this.stop(mode);
    await this.start();
  }

  kill(signal: 'SIGKILL' | 'SIGQUIT' | 'SIGINT' = 'SIGKILL'): Promise<void> {
    return this.#life.kill(signal);
  }

  freeze(): Promise<void> {
    return this.#life.freeze();
  }

  thaw(): void {
    this.#life.thaw();
  }

  close(): Promise<void> {
    return this.#life.close(async () => {
      try {
        // The data goes with the server: there is nothing to flush it for.
        await this.stop('immediate');
      } finally {
        await removeSharedMemory(this.dataFolder);
        await this.#surroundings.release();
      }
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #launch(): Promise<ServerProcess> {
    const { binaries, options, watchdog } = this.#surroundings;
    const settings = {
      ...defaultSettings,
      ...(options.isDurable === true ? durableSettings : {}),
      ...options.settings,
    };
    return startServerProcess({
      name: 'PostgreSQL',
      program: binaries.postgres,
      arguments: [
        ...commonArguments(this.dataFolder, this.port),
        ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      ],
      folder: path.dirname(this.dataFolder),
      isReadyLine: (line) => line.includes(readyLine),
      onLine: options.onLog,
      watchdog,
      // To PostgreSQL this means "end at once", and unlike KILL it gives back its shared memory.
      endSignal: 'SIGQUIT',
      ...(binaries.user === undefined ? {} : { user: binaries.user }),
    });
  }
}

/**
 * A postmaster that was killed with -9 leaves the id of its shared memory in postmaster.pid, for its successor to
 * remove; a data folder that gets no successor has to do it itself. After an orderly end there is no such file.
 */
async function removeSharedMemory(dataFolder: string): Promise<void> {
  const note = await readFile(path.join(dataFolder, 'postmaster.pid'), 'utf8').catch(() => '');
  const [, id] = note.split('\n')[6]?.trim().split(/\s+/) ?? [];
  if (id === undefined) return;
  // Without ipcrm on this machine a segment of 56 bytes stays behind until the next boot.
  await promisify(execFile)('ipcrm', ['-m', id]).catch(() => undefined);
}
