// The parent's end of an app instance in a process of its own.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TenantLlmPolicy } from '../policy/policy.ts';
import type { Route } from '../router/resolve-route.ts';
import type { RoutingOptions } from '../router/routing-options.ts';
import type { InstanceAnswer, InstanceCommand, InstanceReply, InstanceRequest } from './instance-process.ts';
import type { StackAddress } from './policy-instance.ts';

type Waiting = PromiseWithResolvers<InstanceAnswer>;

export class ForkedInstance implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message) => this.#settle(message as InstanceReply));
    child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`the instance ended with ${code}`));
    });
  }

  /** Resolves when the instance serves from its cache. */
  static async start(address: StackAddress): Promise<ForkedInstance> {
    const child = fork(new URL('instance-process.ts', import.meta.url), {
      execArgv: ['--conditions=@tidemark/source'],
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const instance = new ForkedInstance(child);
    const { url, serviceRoleKey, redisUrl } = address;
    await instance.#ask({ kind: 'start', address: { url, serviceRoleKey, redisUrl } });
    return instance;
  }

  async getPolicy(
    tenantId: string,
    options: { readonly fresh?: boolean } = {},
  ): Promise<TenantLlmPolicy | null> {
    return (await this.#ask({ kind: 'get', tenantId, ...options })) as TenantLlmPolicy | null;
  }

  async setPolicy(policy: TenantLlmPolicy): Promise<void> {
    await this.#ask({ kind: 'set', policy });
  }

  async deletePolicy(tenantId: string): Promise<void> {
    await this.#ask({ kind: 'delete', tenantId });
  }

  async route(options: RoutingOptions): Promise<Route> {
    return (await this.#ask({ kind: 'route', options })) as Route;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const exited = once(this.#child, 'exit');
    await this.#ask({ kind: 'stop' });
    await exited;
  }

  #ask(command: InstanceCommand): Promise<InstanceAnswer> {
    this.#lastId += 1;
    const request: InstanceRequest = { id: this.#lastId, command };
    const waiting = Promise.withResolvers<InstanceAnswer>();
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
