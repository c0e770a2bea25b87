// Knows every commit, and says which of them a listener would have missed. Each commit has a key of its own, so that a
// record that names the key can mean no other one.
import { fill, type Head, isAboveFloors, type NamespaceKeys, parseValue } from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import { Pool } from 'pg';
import { itemTable } from './database.ts';
import type { Follower } from './follower.ts';

interface Commit {
  readonly key: string;
  /** Before the transaction began: whatever was covered earlier does not cover it. */
  readonly startedMs: number;
}

export interface OracleOptions {
  readonly databaseUrl: string;
  readonly redis: Redis;
  readonly keys: NamespaceKeys;
  /** Of the L2 values. */
  readonly prefix: string;
  readonly follower: Follower;
}

export class CommitOracle {
  readonly commits: Commit[] = [];
  readonly #options: OracleOptions;
  readonly #pool: Pool;
  #written = 0;

  constructor(options: OracleOptions) {
    this.#options = options;
    this.#pool = new Pool({ connectionString: options.databaseUrl, max: 2, connectionTimeoutMillis: 2_000 });
    this.#pool.on('error', () => {});
  }

  /** Commits a key; before it, an L2 value says that there is no such row. @returns the key, if it was committed */
  async commit(): Promise<string | undefined> {
    this.#written += 1;
    const key = `k${this.#written}`;
    await this.#fill(key);
    const startedMs = performance.now();
    try {
      await this.#pool.query('insert into public.item (id) values ($1)', [key]);
    } catch {
      // Its outcome is unknown, so that nothing can be demanded.
      return undefined;
    }
    this.commits.push({ key, startedMs });
    return key;
  }

  async #fill(key: string): Promise<void> {
    const { redis, keys, prefix, follower } = this.#options;
    if (follower.position === null || redis.status !== 'ready') return;
    const value = { notedAt: follower.position, payload: 'null' };
    const valueKey = `${prefix}:${key}`;
    const call = { keys, valueKey, encodedKey: key, tables: [itemTable], value, ttlMs: 600_000 };
    await fill(redis, call).catch(() => false);
  }

  /** Commits that are in no record that the follower applied, and before no reset of it. */
  missed(): string[] {
    const { follower } = this.#options;
    return this.commits
      .filter(({ key, startedMs }) => {
        const isReset = follower.resets.some(({ atMs }) => atMs >= startedMs);
        return !isReset && !follower.hasHeard(itemTable, key);
      })
      .map(({ key }) => key);
  }

  /** Keys whose L2 value, from before the commit, may still be served under this head (R2). */
  async staleInL2(head: Head): Promise<string[]> {
    const { redis, prefix } = this.#options;
    const stale: string[] = [];
    for (const { key } of this.commits) {
      const text = await redis.get(`${prefix}:${key}`);
      const value = text === null ? undefined : parseValue(`${prefix}:${key}`, text);
      if (value !== undefined && isAboveFloors(head, value.notedAt, [itemTable])) stale.push(key);
    }
    return stale;
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
