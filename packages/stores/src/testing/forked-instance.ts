// The parent's end of an app instance in a process of its own: its stores, as if they were here.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import type { InstanceCommand, InstanceReply, InstanceRequest } from './instance-process.ts';
import type { InstanceStores } from './instance-stores.ts';
import type { StackAddress } from './policy-instance.ts';

export class ForkedInstance implements AsyncDisposable {
  /** The stores over there. What their methods take and give must survive a structured clone: no signal. */
  readonly stores: InstanceStores;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.stores = {
      policies: this.#remote('policies'),
      configs: this.#remote('configs'),
      conversations: this.#remote('conversations'),
      paths: this.#remote('paths'),
      router: this.#remote('router'),
      events: this.#remote('events'),
      limiter: this.#remote('limiter'),
      validations: this.#remote('validations'),
    };
    child.on('message', (message) => this.#settle(message as InstanceReply));
    child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the instance ended with ${code}`));
    });
  }

  /**
   * Resolves when the instance serves from its cache.
   *
   * @param env its switches; default: none is set
   */
  static async start(address: StackAddress, env: EnvironmentVariables = {}): Promise<ForkedInstance> {
    const child = fork(new URL('instance-process.ts', import.meta.url), {
      execArgv: ['--conditions=@tidemark/source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      // Structured clones: dates arrive as dates.
      serialization: 'advanced',
    });
    const instance = new ForkedInstance(child);
    const { url, serviceRoleKey, redisUrl } = address;
    await instance.#ask({ kind: 'start', address: { url, serviceRoleKey, redisUrl }, env });
    return instance;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    await this.#ask({ kind: 'stop' });
    await exited;
  }

  #remote<N extends keyof InstanceStores>(store: N): InstanceStores[N] {
    const call =
      (method: string) =>
      (...parameters: readonly unknown[]): Promise<unknown> =>
        this.#ask({ kind: 'call', store, method, parameters });
    return new Proxy({} as InstanceStores[N], { get: (_, method) => call(String(method)) });
  }

  #ask(command: InstanceCommand): Promise<unknown> {
    this.#lastId += 1;
    const request: InstanceRequest = { id: this.#lastId, command };
    const waiting = Promise.withResolvers<unknown>();
    this.#waiting.set(request.id, waiting);
    this.#child.send(request);
    return waiting.promise;
  }

  #settle(reply: InstanceReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting?.reject(new Error(reply.error));
    else waiting?.resolve(reply.answer);
  }
}
