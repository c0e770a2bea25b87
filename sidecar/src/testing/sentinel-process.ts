// A real Redis Sentinel over one primary, quick to give it up. Needs the program that the devstack starts Redis with.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { freePort, type RedisServer } from '@tidemark/devstack';
import { Redis } from 'ioredis';

const program = process.env['TIDEMARK_REDIS_SERVER'] ?? 'redis-server';

export class SentinelProcess implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, port: number, folder: string) {
    this.#child = child;
    this.port = port;
    this.#folder = folder;
  }

  /** @param name what it calls the primary */
  static async start(name: string, primary: RedisServer): Promise<SentinelProcess> {
    const port = await freePort();
    const folder = mkdtempSync(path.join(os.tmpdir(), 'tidemark-sentinel-'));
    const file = path.join(folder, 'sentinel.conf');
    writeFileSync(
      file,
      [
        `port ${port}`,
        'bind 127.0.0.1',
        `dir ${folder}`,
        `sentinel monitor ${name} ${primary.host} ${primary.port} 1`,
        `sentinel down-after-milliseconds ${name} 500`,
        `sentinel failover-timeout ${name} 3000`,
        '',
      ].join('\n'),
    );
    const child = spawn(program, [file, '--sentinel'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const { promise: ready, resolve, reject } = Promise.withResolvers<void>();
    let said = '';
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`the sentinel did not start: ${said}`)));
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes(`+monitor master ${name}`)) resolve();
    });
    await ready;
    return new SentinelProcess(child, port, folder);
  }

  /** Whether it has seen a replica that could take over: it looks at one every ten seconds only. */
  async hasReplica(name: string): Promise<boolean> {
    const redis = new Redis({ port: this.port, retryStrategy: () => null });
    redis.on('error', () => {});
    try {
      const replicas = (await redis.call('SENTINEL', 'REPLICAS', name)) as string[][];
      return replicas.some((fields) => fields[fields.indexOf('master-link-status') + 1] === 'ok');
    } finally {
      redis.disconnect();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
