// A deployment in containers: the sidecar's image beside Redis and PostgreSQL, on two networks that can be cut apart. The
// test reaches Redis and PostgreSQL by ports of this machine, which stay the same through every restart.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { applyMigrations, bootstrapSql, freePort, until } from '@tidemark/devstack';
import {
  GenericContainer,
  Network,
  type StartedNetwork,
  type StartedTestContainer,
  Wait,
} from 'testcontainers';
import type { BuiltImages } from '../../../scripts/docker/container-setup.ts';
import { runSql } from './run-sql.ts';
import type { Readiness } from './sidecar-process.ts';

/** Seldom enough in a log to be looked for. */
export const databasePassword = 'postgres';
const superuser = 'supabase_admin';
const migrations = path.join(import.meta.dirname, '../../../supabase/migrations');

/** Runs the Docker command line. @returns what it wrote */
export async function docker(...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('docker', [...args]);
  return stdout.trim();
}

/** Between sidecars and Redis, and between sidecars and PostgreSQL. */
export type Line = 'redis' | 'database';

export class ContainerDeployment implements AsyncDisposable {
  readonly redis: StartedTestContainer;
  readonly database: StartedTestContainer;
  readonly redisUrl: string;
  readonly databaseUrl: string;
  readonly #images: BuiltImages;
  readonly #lines: Readonly<Record<Line, StartedNetwork>>;
  readonly #sidecars: SidecarContainer[] = [];

  private constructor(parts: Parts) {
    this.redis = parts.redis;
    this.database = parts.database;
    this.redisUrl = parts.redisUrl;
    this.databaseUrl = `postgresql://postgres:${databasePassword}@${parts.databaseAddress}/postgres`;
    this.#images = parts.images;
    this.#lines = parts.lines;
  }

  static async start(images: BuiltImages): Promise<ContainerDeployment> {
    // Docker gives a restarted container another port, unless it was asked for one.
    const [redisPort, databasePort] = await Promise.all([freePort(), freePort()]);
    const lines = { redis: await new Network().start(), database: await new Network().start() };
    const [redis, database] = await Promise.all([
      new GenericContainer(images.base.REDIS_IMAGE)
        .withNetwork(lines.redis)
        .withNetworkAliases('redis')
        .withExposedPorts({ container: 6379, host: redisPort })
        .withCommand(['redis-server', '--save', '', '--protected-mode', 'no'])
        .withWaitStrategy(Wait.forLogMessage(/Ready to accept connections/))
        .start(),
      new GenericContainer(images.base.POSTGRES_IMAGE)
        .withNetwork(lines.database)
        .withNetworkAliases('database')
        .withExposedPorts({ container: 5432, host: databasePort })
        .withEnvironment({
          POSTGRES_USER: superuser,
          POSTGRES_PASSWORD: databasePassword,
          POSTGRES_DB: 'postgres',
        })
        .withCommand(['-c', 'wal_level=logical'])
        .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/))
        .start(),
    ]);
    const databaseAddress = `127.0.0.1:${databasePort}`;
    const redisUrl = `redis://127.0.0.1:${redisPort}`;
    const parts = { images, lines, redis, database, redisUrl, databaseAddress };
    const deployment = new ContainerDeployment(parts);
    try {
      await prepare(databaseAddress);
      return deployment;
    } catch (error) {
      await deployment[Symbol.asyncDispose]();
      throw error;
    }
  }

  async sidecar(env: Readonly<Record<string, string>> = {}): Promise<SidecarContainer> {
    const sidecar = await SidecarContainer.start({
      image: this.#images.sidecar,
      lines: this.#lines,
      env: {
        DATABASE_URL: `postgresql://postgres:${databasePassword}@database:5432/postgres`,
        REDIS_URL: 'redis://redis:6379',
        ...env,
      },
    });
    this.#sidecars.push(sidecar);
    return sidecar;
  }

  async cut(line: Line, sidecar: SidecarContainer): Promise<void> {
    await docker('network', 'disconnect', this.#lines[line].getId(), sidecar.id);
  }

  async heal(line: Line, sidecar: SidecarContainer): Promise<void> {
    await docker('network', 'connect', this.#lines[line].getId(), sidecar.id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#sidecars.map((sidecar) => sidecar[Symbol.asyncDispose]()));
    await Promise.all([this.redis.stop({ timeout: 0 }), this.database.stop({ timeout: 0 })]);
    await Promise.all(Object.values(this.#lines).map((network) => network.stop()));
  }
}

interface Parts {
  readonly images: BuiltImages;
  readonly lines: Readonly<Record<Line, StartedNetwork>>;
  readonly redis: StartedTestContainer;
  readonly database: StartedTestContainer;
  readonly redisUrl: string;
  readonly databaseAddress: string;
}

/** Locked down as docs/deploy.md advises: what the image needs more than this would show. */
class LockedContainer extends GenericContainer {
  constructor(image: string) {
    super(image);
    this.hostConfig.ReadonlyRootfs = true;
    this.withDroppedCapabilities('ALL').withSecurityOpt('no-new-privileges');
  }
}

export class SidecarContainer implements AsyncDisposable {
  readonly #container: StartedTestContainer;

  private constructor(container: StartedTestContainer) {
    this.#container = container;
  }

  static async start(options: {
    readonly image: string;
    readonly lines: Readonly<Record<Line, StartedNetwork>>;
    readonly env: Readonly<Record<string, string>>;
  }): Promise<SidecarContainer> {
    const { image, lines, env } = options;
    const container = await new LockedContainer(image)
      .withNetwork(lines.redis)
      .withEnvironment({ ...env })
      .withAutoRemove(false)
      .withWaitStrategy(Wait.forLogMessage(/the sidecar has started/))
      .start();
    const sidecar = new SidecarContainer(container);
    await docker('network', 'connect', lines.database.getId(), sidecar.id);
    return sidecar;
  }

  get id(): string {
    return this.#container.getId();
  }

  /** Runs `tidemark` inside. @returns its exit code */
  async tidemark(...args: readonly string[]): Promise<{ code: number; out: string }> {
    const { exitCode, output } = await this.#container.exec(['node', 'dist/cli/main.js', ...args]);
    return { code: exitCode, out: output };
  }

  /** Asked inside: a container that lost a network may have lost its published ports, too. */
  async readiness(): Promise<Readiness> {
    const text = await this.run("fetch('http://127.0.0.1:8787/readyz').then((answer) => answer.text())");
    return JSON.parse(text) as Readiness;
  }

  /** The value of an expression of JavaScript, evaluated by a process inside: there is no shell. */
  async run(expression: string): Promise<string> {
    const program = `(async () => console.log(await (${expression})))()`;
    const { output } = await this.#container.exec(['node', '--eval', program]);
    return output.trim();
  }

  /** Resolves when it does its work; `kind` of its rounds, if given. */
  async ready(kind?: 'working' | 'standby'): Promise<void> {
    await until(
      async () => {
        const { isReady, engine } = await this.readiness();
        return isReady && engine.namespaces.every(({ loop }) => (kind ?? loop.kind) === loop.kind);
      },
      { what: `the sidecar to be ${kind ?? 'ready'}`, deadlineMs: 60_000, everyMs: 200 },
    );
  }

  /** What it wrote, both streams. */
  async said(): Promise<string> {
    const { stdout, stderr } = await promisify(execFile)('docker', ['logs', this.id]);
    return stdout + stderr;
  }

  async inspect<T>(format: string): Promise<T> {
    return JSON.parse(await docker('inspect', '--format', `{{json ${format}}}`, this.id)) as T;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await docker('rm', '--force', this.id);
  }
}

/** As on Supabase: its roles, then the migrations. */
async function prepare(address: string): Promise<void> {
  const asSuperuser = `postgresql://${superuser}:${databasePassword}@${address}/postgres`;
  let refusal: unknown;
  const isOpen = async (): Promise<boolean> => {
    try {
      await runSql(asSuperuser, 'select 1');
      return true;
    } catch (error) {
      refusal = error;
      return false;
    }
  };
  await until(isOpen, { what: 'PostgreSQL to accept connections', deadlineMs: 60_000, everyMs: 50 }).catch(
    (error: unknown) => {
      throw new Error(`${String(error)}: ${String(refusal)}`, { cause: refusal });
    },
  );
  await runSql(asSuperuser, bootstrapSql);
  const databaseUrl = `postgresql://postgres:${databasePassword}@${address}/postgres`;
  await applyMigrations({ databaseUrl, folder: migrations });
}
