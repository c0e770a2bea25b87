// A real Redis, and what a test does around one namespace in it: publishers, followers, a journal in memory. Everything
// that was opened is closed with the scene; each scene has keys of its own.
import { type RedisServer } from '@tidemark/devstack';
import {
  type Head,
  isAboveFloors,
  namespaceKeys,
  type NamespaceKeys,
  type Position,
} from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { patience } from '../publish/claim.ts';
import { Follower } from './follower.ts';
import { Publisher, stored, type Stored } from './publisher.ts';
import { policies, ScriptedJournal, watched } from './scripted-journal.ts';

let scenes = 0;

export class RedisScene {
  readonly keyPrefix: string;
  readonly keys: NamespaceKeys;
  readonly journal = new ScriptedJournal();
  /** A client of the test itself, straight to the server. */
  readonly redis: Redis;
  readonly #url: string;
  readonly #open: { close(): void }[] = [];

  constructor(server: RedisServer) {
    scenes += 1;
    this.keyPrefix = `scene${scenes}`;
    this.keys = namespaceKeys(this.keyPrefix, 'main');
    this.journal.changeWatch(new Map([[policies, watched('main', `${this.keyPrefix}:policy`)]]));
    this.#url = server.url;
    this.redis = new Redis(server.url, { retryStrategy: () => 10, maxRetriesPerRequest: null });
    this.redis.on('error', () => {});
  }

  close(): void {
    for (const one of this.#open.splice(0)) one.close();
    this.redis.disconnect();
  }

  /** @param more another URL (a proxy), another namespace */
  async publisher(more: { readonly url?: string; readonly namespace?: string } = {}): Promise<Publisher> {
    const { keyPrefix, journal } = this;
    const one = new Publisher({ url: this.#url, keyPrefix, journal, ...more });
    this.#open.push(one);
    await one.redis.tried;
    return one;
  }

  /** A publisher that has the namespace. */
  async working(more: { readonly url?: string } = {}): Promise<Publisher> {
    const one = await this.publisher(more);
    await one.rounds();
    return one;
  }

  async follower(): Promise<Follower> {
    const one = new Follower(this.#url, this.keys);
    this.#open.push(one);
    await one.start();
    return one;
  }

  now(namespace = 'main'): Promise<Stored> {
    return stored(this.redis, this.keyPrefix, namespace);
  }

  async head(): Promise<Head> {
    const { head } = await this.now();
    if (head === undefined) throw new Error('there is no head');
    return head;
  }

  /** Whether an L2 value of the table that was noted then may be served now. */
  async isServed(notedAt: Position): Promise<boolean> {
    return isAboveFloors(await this.head(), notedAt, [policies]);
  }

  valueKey(key: string): string {
    return `${this.keyPrefix}:policy:${key}`;
  }
}

/** Looks of a publisher that stands by, until it does not. @returns how many there were */
export async function looksUntilTakeover(one: Publisher): Promise<number> {
  let looks = 0;
  while ((await one.round()) === 'standby') {
    looks += 1;
    if (looks > 10 * patience) throw new Error('nobody took over');
  }
  return looks;
}
