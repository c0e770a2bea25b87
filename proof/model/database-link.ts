// How a modelled process reaches the database: requests that are carried out when the adversary says so, in any order,
// and answered later, or fail before or after their effect. Also the Journal port of the product on top of it.
import type { Journal } from '@tidemark/protocol';
import type { DatabaseModel } from './database-model.ts';

interface Request {
  readonly name: string;
  readonly run: (database: DatabaseModel) => unknown;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onAnswered: (() => void) | undefined;
  answer: { readonly value: unknown } | undefined;
}

export class DatabaseLink {
  readonly #database: DatabaseModel;
  #requests: Request[] = [];

  constructor(database: DatabaseModel) {
    this.#database = database;
  }

  get requests(): readonly { readonly name: string; readonly isServed: boolean }[] {
    return this.#requests.map(({ name, answer }) => ({ name, isServed: answer !== undefined }));
  }

  /** @param onAnswered told when the client has got its answer */
  ask<T>(name: string, run: (database: DatabaseModel) => T, onAnswered?: () => void): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#requests.push({ name, run, resolve, reject, onAnswered, answer: undefined });
    return promise as Promise<T>;
  }

  /** Carries a request out, or delivers its answer. */
  advance(index: number): void {
    const request = this.#requests[index];
    if (request === undefined) return;
    if (request.answer === undefined) {
      request.answer = { value: request.run(this.#database) };
      return;
    }
    this.#requests.splice(index, 1);
    request.onAnswered?.();
    request.resolve(request.answer.value);
  }

  fail(index: number): void {
    const [request] = this.#requests.splice(index, 1);
    request?.reject(new Error('the connection to the database broke'));
  }

  failAll(): void {
    for (const request of this.#requests.splice(0)) request.reject(new Error('the database was restarted'));
  }

  journal(): Journal {
    return {
      read: ({ since, knownWatchHash, signal }) => {
        signal.throwIfAborted();
        const aborted = Promise.withResolvers<never>();
        signal.addEventListener('abort', () => aborted.reject(new Error('no answer in time')), {
          once: true,
        });
        const read = this.ask('read the journal', (database) => database.changesSince(since, knownWatchHash));
        return Promise.race([read, aborted.promise]);
      },
      glance: ({ since }) =>
        this.ask('glance at the journal', (database) => database.glance(since.snapshot, since.watchHash)),
      nextGeneration: (atLeast) =>
        this.ask('next generation', (database) => database.nextGeneration(atLeast)),
      invalidate: (table, keys) => this.ask('invalidate', (database) => database.invalidate(table, keys)),
      addPrefix: (table, prefix) => this.ask('add a prefix', (database) => database.addPrefix(table, prefix)),
      prune: () => Promise.resolve(0),
      close: () => Promise.resolve(),
    };
  }
}
