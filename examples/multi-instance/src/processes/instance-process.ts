// The demo's end of an app instance: its process, its port, and what it tells of its cache.
import type { CacheStatus, OvertakenEvent, StoredEvent } from '@tidemark/cache';
import type { Watchdog } from '@tidemark/devstack';
import type { RouteReply } from '../answers/answer.ts';
import type { InstanceMessage } from '../instance/instance-message.ts';
import { type Child, startChild } from './child.ts';
import { HttpJson } from './http-json.ts';

export interface InstanceOptions {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly watchdog: Watchdog;
  readonly onOvertaken: (event: OvertakenEvent, atMs: number) => void;
  readonly onStored: (event: StoredEvent, atMs: number) => void;
  readonly onExit: (reason: string) => void;
}

export class InstanceProcess implements AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly #child: Child;
  readonly #http: HttpJson;
  #state: 'serving' | 'frozen' | 'gone' = 'serving';

  private constructor(name: string, child: Child, port: number) {
    this.name = name;
    this.url = `http://127.0.0.1:${port}`;
    this.#child = child;
    this.#http = new HttpJson(this.url);
  }

  /** Resolves when it listens; its lease comes with the first rounds. */
  static async start(options: InstanceOptions): Promise<InstanceProcess> {
    const { promise: listening, resolve, reject } = Promise.withResolvers<number>();
    const ended = Promise.withResolvers<void>();
    const child = startChild({
      name: `instance ${options.name}`,
      program: new URL('../instance/main.ts', import.meta.url),
      env: { ...options.env, INSTANCE_NAME: options.name },
      watchdog: options.watchdog,
      onMessage(received) {
        const message = received as InstanceMessage;
        if (message.kind === 'listening') resolve(message.port);
        else if (message.kind === 'overtaken') options.onOvertaken(message.event, message.atMs);
        else options.onStored(message.event, message.atMs);
      },
      onExit(reason) {
        reject(new Error(reason));
        ended.resolve();
        options.onExit(reason);
      },
    });
    const instance = new InstanceProcess(options.name, child, await listening);
    void ended.promise.then(() => (instance.#state = 'gone'));
    return instance;
  }

  get state(): 'serving' | 'frozen' | 'gone' {
    return this.#state;
  }

  /** SIGSTOP: no code of it runs, its connections stay open. What a paused virtual machine looks like to the others. */
  freeze(): void {
    if (this.#state === 'serving') this.#state = 'frozen';
    this.#child.signal('SIGSTOP');
  }

  thaw(): void {
    if (this.#state === 'frozen') this.#state = 'serving';
    this.#child.signal('SIGCONT');
  }

  async route(tenant: string): Promise<RouteReply> {
    const { body } = await this.#http.get(`/route?tenant=${encodeURIComponent(tenant)}`);
    return body as RouteReply;
  }

  async status(): Promise<CacheStatus> {
    return (await this.#http.get('/status')).body as CacheStatus;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child.end();
    this.#http.close();
  }
}
