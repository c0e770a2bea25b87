// The compose files of this repository, as a person would start them: a project of its own, with fresh secrets, on free
// ports of this machine. Owns all of it until it is disposed of.
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { freePort } from '@tidemark/devstack';
import type { BuiltImages } from '../../../../scripts/docker/container-setup.ts';

const root = path.join(import.meta.dirname, '../../../..');
const runFile = promisify(execFile);

const ports = [
  'SIDECAR_PORT',
  'SIDECAR_2_PORT',
  'GATEWAY_1_PORT',
  'GATEWAY_2_PORT',
  'REDIS_PORT',
  'API_PORT',
  'POSTGRES_PORT',
  'PROMETHEUS_PORT',
  'GRAFANA_PORT',
] as const;

export interface CompositionOptions {
  readonly images: BuiltImages;
  /** Beside docker-compose.yml, from the root of the repository. */
  readonly file?: string;
  readonly profiles: readonly string[];
  /** What services call Supabase by. */
  readonly supabaseUrl: string;
}

export class Composition implements AsyncDisposable {
  /** What `npm run write-env` wrote. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly #folder: string;
  readonly #env: Readonly<Record<string, string>>;
  readonly #command: readonly string[];

  private constructor(options: {
    readonly folder: string;
    readonly env: Readonly<Record<string, string>>;
    readonly command: readonly string[];
  }) {
    this.#folder = options.folder;
    this.#env = options.env;
    this.#command = options.command;
    const text = readFileSync(path.join(options.folder, '.env'), 'utf8');
    this.secrets = parseEnv(text) as Record<string, string>;
  }

  static async prepare({ images, file, profiles, supabaseUrl }: CompositionOptions): Promise<Composition> {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-compose-'));
    const envFile = path.join(folder, '.env');
    const writeEnv = path.join(root, 'packages/devstack/src/bin/write-env.ts');
    await runFile(process.execPath, [
      '--conditions=@tidemark/source',
      writeEnv,
      `--url=${supabaseUrl}`,
      `--file=${envFile}`,
    ]);
    const files = ['docker-compose.yml', ...(file === undefined ? [] : [file])];
    const command = [
      ...composeProgram(),
      `--env-file=${envFile}`,
      `--project-name=${path.basename(folder).toLowerCase()}`,
      `--project-directory=${root}`,
      ...files.flatMap((name) => ['--file', path.join(root, name)]),
      ...profiles.flatMap((profile) => ['--profile', profile]),
    ];
    const free = await Promise.all(ports.map(async (name) => [name, String(await freePort())]));
    const env = {
      ...process.env,
      ...images.base,
      ...Object.fromEntries(free),
      SIDECAR_IMAGE: images.sidecar,
      GATEWAY_IMAGE: images.gateway,
      LOG_LEVEL: 'debug',
    };
    return new Composition({ folder, env, command });
  }

  /** @returns what it wrote */
  async compose(...args: readonly string[]): Promise<string> {
    const [program = '', ...first] = this.#command;
    const { stdout } = await runFile(program, [...first, ...args], { env: this.#env, maxBuffer: 2 ** 26 });
    return stdout;
  }

  url(port: (typeof ports)[number]): string {
    return `http://127.0.0.1:${this.#env[port]}`;
  }

  async container(service: string): Promise<string> {
    return (await this.compose('ps', '--quiet', service)).trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.compose('down', '--volumes', '--timeout', '5');
    rmSync(this.#folder, { recursive: true });
  }
}

/** The plugin of today's Docker, or the program that Debian has. */
function composeProgram(): readonly string[] {
  return spawnSync('docker', ['compose', 'version']).status === 0
    ? ['docker', 'compose']
    : ['docker-compose'];
}
