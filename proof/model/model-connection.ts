// A connection of a modelled process to a modelled Redis, in the shape of the ioredis client that the product uses.
// Commands run and answers arrive in their order, but only when the adversary says so; it may also cut the connection
// between any two of them, and lose, double and reorder what is published.
import { EventEmitter } from 'node:events';
import type { ProcessClock } from './process-clock.ts';
import type { Hearer, RedisModel, Reply } from './redis-model.ts';
import type { Scripts } from './redis-scripts.ts';

interface Command {
  readonly name: string;
  readonly run: (redis: RedisModel) => unknown;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Answer {
  readonly command: Command;
  readonly reply: unknown;
}

/** A command that was under way when its connection broke: it may still be carried out, or never. */
export interface LateCommand {
  readonly name: string;
  readonly redis: RedisModel;
  run(): void;
}

export interface ConnectionHost {
  readonly clock: ProcessClock;
  readonly scripts: Scripts;
  readonly weakness: string | undefined;
  /** Told after each command that a server carried out. */
  readonly onServed: (redis: RedisModel, name: string) => void;
  readonly onLate: (command: LateCommand) => void;
}

interface ConnectionOptions {
  readonly connectionName?: string;
  readonly commandTimeout?: number;
  readonly enableOfflineQueue?: boolean;
}

/** What the product sees of the socket. Commands are served one by one, whether or not they left in one write. */
interface ModelStream {
  readonly writable: boolean;
  readonly closed: boolean;
  cork(): void;
  uncork(): void;
}

/** Commands that a replica refuses. */
const writing: ReadonlySet<string> = new Set([
  'runBegin',
  'runPublish',
  'runTakeover',
  'runFill',
  'ticket',
  'unlink and hint',
]);

export class ModelConnection extends EventEmitter implements Hearer {
  readonly name: string;
  status: 'connecting' | 'ready' | 'end' = 'connecting';
  readonly #host: ConnectionHost;
  /** As of a client of ioredis, which the product changes after it was made. */
  readonly options: ConnectionOptions;
  readonly #channels = new Set<string>();
  #redis: RedisModel | undefined;
  #unserved: Command[] = [];
  #answers: Answer[] = [];
  #messages: { readonly channel: string; readonly text: string }[] = [];

  constructor(host: ConnectionHost, options: ConnectionOptions) {
    super();
    this.#host = host;
    this.options = { ...options };
    this.name = options.connectionName ?? 'connection';
  }

  // What the adversary sees and does ------------------------------------------------------------------------------

  get redis(): RedisModel | undefined {
    return this.#redis;
  }

  get unserved(): readonly string[] {
    return this.#unserved.map(({ name }) => name);
  }

  get answers(): number {
    return this.#answers.length;
  }

  get messages(): number {
    return this.#messages.length;
  }

  connect(redis: RedisModel): void {
    if (this.status !== 'connecting') return;
    this.#redis = redis;
    this.status = 'ready';
    for (const channel of this.#channels) redis.subscribe(channel, this);
    this.emit('ready');
  }

  /** The server carries out the oldest command. */
  serve(): void {
    const command = this.#unserved.shift();
    if (command === undefined || this.#redis === undefined) return;
    const isRefused = !this.#redis.isMaster && writing.has(command.name);
    const reply = isRefused ? new Error('READONLY') : command.run(this.#redis);
    this.#answers.push({ command, reply });
    this.#host.onServed(this.#redis, command.name);
  }

  /** The oldest answer reaches the client. */
  answer(): void {
    const answer = this.#answers.shift();
    if (answer?.reply instanceof Error) answer.command.reject(answer.reply);
    else answer?.command.resolve(answer.reply);
  }

  cut(): void {
    const redis = this.#redis;
    if (redis === undefined) return;
    this.#redis = undefined;
    redis.unsubscribe(this);
    this.#messages = [];
    const broken = [...this.#answers.map(({ command }) => command), ...this.#unserved];
    for (const command of this.#unserved) {
      this.#host.onLate({
        name: command.name,
        redis,
        run: () => {
          command.run(redis);
          this.#host.onServed(redis, command.name);
        },
      });
    }
    this.#unserved = [];
    this.#answers = [];
    if (this.status === 'ready') this.status = 'connecting';
    for (const { reject } of broken) reject(new Error('Connection is closed.'));
    this.emit('close');
  }

  hear(channel: string, text: string): void {
    this.#messages.push({ channel, text });
  }

  /** The oldest message reaches the client; `how` is what the network does to it. */
  deliver(how: 'once' | 'never' | 'twice' | 'after the next'): void {
    const [first, second] = this.#messages;
    if (first === undefined) return;
    if (how === 'after the next' && second !== undefined) {
      this.#messages.splice(0, 2, second, first);
      return;
    }
    if (how !== 'twice') this.#messages.shift();
    if (how !== 'never') this.emit('message', first.channel, first.text);
  }

  /** A connection that was cut is known to be: the silent kind is one whose commands are not served. */
  get stream(): ModelStream {
    const isCut = this.#redis === undefined;
    return { writable: !isCut, closed: isCut, cork: () => undefined, uncork: () => undefined };
  }

  // What the product calls ----------------------------------------------------------------------------------------

  get(key: string): Promise<unknown> {
    return this.#send(`get ${key}`, (redis) => redis.get(key));
  }

  mget(...keys: string[]): Promise<unknown> {
    return this.#send(`mget ${keys.at(-1)}`, (redis) => keys.map((key) => redis.get(key)));
  }

  /** A ticket: only where there is none. It never expires here, which is the worst that it can do. */
  set(key: string, value: string): Promise<unknown> {
    return this.#send('ticket', (redis) => {
      if (redis.get(key) !== null) return null;
      redis.set(key, value);
      return 'OK';
    });
  }

  publish(channel: string, text: string): Promise<unknown> {
    return this.#send('hint', (redis) => redis.publish(channel, text));
  }

  subscribe(...channels: string[]): Promise<unknown> {
    for (const channel of channels) this.#channels.add(channel);
    if (this.#redis === undefined) return Promise.resolve(channels.length);
    for (const channel of channels) this.#redis.subscribe(channel, this);
    return Promise.resolve(channels.length);
  }

  evalsha(digest: string, keyCount: number, ...rest: (string | number)[]): Promise<unknown> {
    const { scripts, weakness } = this.#host;
    const script = scripts.get(digest);
    if (script === undefined) return Promise.reject(new Error(`unknown script ${digest}`));
    const texts = rest.map(String);
    const call = { keys: texts.slice(0, keyCount), values: texts.slice(keyCount), weakness };
    return this.#send(script.name, (redis): Reply | Error => script(redis, call));
  }

  multi(): { role(): unknown } {
    const send = (key: string): Promise<unknown> =>
      this.#send('read head', (redis) => [
        [null, [redis.isMaster ? 'master' : 'slave']],
        [null, redis.get(key)],
      ]);
    return { role: () => ({ get: (key: string) => ({ exec: () => send(key) }) }) };
  }

  pipeline(): unknown {
    const steps: ((redis: RedisModel) => unknown)[] = [];
    const chain = {
      unlink: (...keys: string[]) => {
        steps.push((redis) => redis.unlink(keys));
        return chain;
      },
      publish: (channel: string, text: string) => {
        steps.push((redis) => redis.publish(channel, text));
        return chain;
      },
      exec: () => this.#send('unlink and hint', (redis) => steps.map((step) => [null, step(redis)])),
    };
    return chain;
  }

  disconnect(again = false): void {
    if (!again) this.status = 'end';
    queueMicrotask(() => this.cut());
  }

  #send(name: string, run: (redis: RedisModel) => unknown): Promise<unknown> {
    if (this.status !== 'ready') return Promise.reject(new Error('Connection is closed.'));
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#unserved.push({ name, run, resolve, reject });
    const { commandTimeout } = this.options;
    if (commandTimeout === undefined) return promise;
    const cancel = this.#host.clock.schedule(commandTimeout, () => reject(new Error('Command timed out')));
    void promise.then(cancel, cancel);
    return promise;
  }
}
