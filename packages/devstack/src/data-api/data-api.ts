// Our end of the Data API process: starts it, kills it, freezes it. Owns its life and its port (kept through restarts);
// what it serves is in data-api-main.ts.
import path from 'node:path';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { DevstackError } from '../devstack-error.ts';
import { onFreePort } from '../processes/free-port.ts';
import { ServerLife } from '../processes/server-life.ts';
import { type ServerProcess, startServerProcess } from '../processes/server-process.ts';
import type { Watchdog } from '../processes/watchdog.ts';
import { configVariable, type DataApiConfig, readyMessage, reloadPath } from './data-api-config.ts';

export interface DataApiOptions extends Omit<DataApiConfig, 'port'> {
  readonly watchdog: Watchdog;
  /** Every line of its log: each error of the database, among others. */
  readonly onLog?: ((line: string) => void) | undefined;
}

export interface DataApi extends AsyncDisposable {
  readonly port: number;
  /** Undefined while stopped. */
  readonly pid: number | undefined;
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /** Default: SIGKILL. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Connections stay open and nothing answers. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Reads the schema cache anew, and returns when that is done. After DDL it happens by itself, a moment later. */
  reloadSchema(): Promise<void>;
  /** Idempotent. */
  close(): Promise<void>;
}

export function startDataApi(options: DataApiOptions): Promise<DataApi> {
  return onFreePort(undefined, async (port) => {
    const server = new DataApiProcess(options, port);
    await server.start();
    return server;
  });
}

class DataApiProcess implements DataApi {
  readonly port: number;
  readonly #options: DataApiOptions;
  readonly #life: ServerLife;

  constructor(options: DataApiOptions, port: number) {
    this.#options = options;
    this.port = port;
    this.#life = new ServerLife('the Data API', () => this.#launch());
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

  async restart(): Promise<void> {
    await this.stop();
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

  async reloadSchema(): Promise<void> {
    this.#life.mustRun('reload the schema of');
    const response = await fetch(`http://127.0.0.1:${this.port}${reloadPath}`, { method: 'POST' });
    if (response.ok) return;
    throw new DevstackError(
      'DEVSTACK_BAD_STATE',
      `the Data API cannot read its schema: ${await response.text()}`,
    );
  }

  close(): Promise<void> {
    return this.#life.close(() => this.stop());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #launch(): Promise<ServerProcess> {
    const { watchdog, onLog, ...config } = this.#options;
    const here = fileURLToPath(import.meta.url);
    return startServerProcess({
      name: 'the Data API',
      program: process.execPath,
      // The same file runs as TypeScript from src and as JavaScript from dist.
      arguments: [
        '--disable-warning=ExperimentalWarning',
        path.join(path.dirname(here), `data-api-main${path.extname(here)}`),
      ],
      folder: tmpdir(),
      environment: {
        [configVariable]: JSON.stringify({ ...config, port: this.port } satisfies DataApiConfig),
      },
      isReadyLine: (line) => line === readyMessage,
      onLine: onLog,
      watchdog,
    });
  }
}
