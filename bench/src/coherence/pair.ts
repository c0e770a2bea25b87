// Two instances of one contestant over one Redis and one source: a writer, and a reader whose hearing can be cut off by a
// proxy. Owns their processes and the proxy; a process that has ended by itself is started again.
import { type FaultProxy, startFaultProxy } from '@tidemark/devstack';
import { Instance } from './instance.ts';

export interface PairOptions {
  /** Its file in peers/. */
  readonly adapter: string;
  readonly databaseUrl: string;
  readonly redisUrl: string;
}

export class Pair implements AsyncDisposable {
  readonly front: FaultProxy;
  readonly #options: PairOptions;
  #writer: Instance | undefined;
  #reader: Instance | undefined;

  private constructor(options: PairOptions, front: FaultProxy) {
    this.#options = options;
    this.front = front;
  }

  static async open(options: PairOptions): Promise<Pair> {
    const { hostname: host, port } = new URL(options.redisUrl);
    const pair = new Pair(options, await startFaultProxy({ target: { host, port: Number(port) } }));
    try {
      await Promise.all([pair.writer(), pair.reader()]);
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  async writer(): Promise<Instance> {
    if (this.#writer === undefined || this.#writer.hasEnded) {
      this.#writer = await this.#start(this.#options.redisUrl);
    }
    return this.#writer;
  }

  async reader(): Promise<Instance> {
    if (this.#reader === undefined || this.#reader.hasEnded) {
      this.#reader = await this.#start(this.front.urlFor(this.#options.redisUrl));
    }
    return this.#reader;
  }

  #start(busUrl: string): Promise<Instance> {
    const { adapter, databaseUrl, redisUrl } = this.#options;
    const module = new URL(`peers/${adapter}.ts`, import.meta.url).href;
    return Instance.open({ module, databaseUrl, redisUrl, busUrl, prefix: adapter });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer?.[Symbol.asyncDispose]();
    await this.#reader?.[Symbol.asyncDispose]();
    await this.front.close();
  }
}
