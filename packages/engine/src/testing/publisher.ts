// One publisher of a namespace on a real Redis, led round by round: what a sidecar does, without its loop.
import { RecordedLog } from '@tidemark/devstack/fakes';
import {
  type Cursor,
  type Head,
  type LogRecord,
  type NamespaceKeys,
  namespaceKeys,
  parseHead,
  type RoundOutcome,
  since,
  type WatchDocument,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import { parseCursor } from '../publish/cursor.ts';
import { RedisTarget } from '../publish/redis-target.ts';
import { EngineRedis } from '../redis.ts';
import type { ScriptedJournal } from './scripted-journal.ts';

export interface PublisherOptions {
  readonly url: string;
  readonly keyPrefix: string;
  readonly journal: ScriptedJournal;
  readonly namespace?: string;
}

export type RoundResult = RoundOutcome | 'standby';

export class Publisher {
  readonly target: RedisTarget;
  readonly redis: EngineRedis;
  readonly log = new RecordedLog();
  readonly #journal: ScriptedJournal;

  constructor({ url, keyPrefix, journal, namespace = 'main' }: PublisherOptions) {
    this.#journal = journal;
    this.redis = new EngineRedis(url, { logger: this.log });
    this.target = new RedisTarget({
      redis: this.redis,
      journal,
      keyPrefix,
      namespace,
      roundEveryMs: 100,
      logger: this.log,
    });
  }

  async round(): Promise<RoundResult> {
    const begun = await this.target.begin();
    if (begun.kind === 'standby') return 'standby';
    const { cursor, knownWatchHash } = begun;
    const { signal } = new AbortController();
    const read = await this.#journal.read({ since: cursor?.snapshot ?? null, knownWatchHash, signal });
    return this.target.publish(read);
  }

  /** @returns null when only a round will do */
  async glance(): Promise<RoundOutcome | null> {
    const since = this.target.glanceFrom();
    const glance = since && (await this.#journal.glance({ since, timeoutMs: 1_000 }));
    return glance && this.target.publishGlance(glance);
  }

  /** Rounds as long as one asks for more. */
  async rounds(): Promise<RoundResult> {
    let result = await this.round();
    while (result !== 'standby' && result.wantsMore) result = await this.round();
    return result;
  }

  /** Rounds that fail are part of a fault: the next one tries again. */
  async tryRound(): Promise<RoundResult | undefined> {
    try {
      return await this.round();
    } catch {
      return undefined;
    }
  }

  close(): void {
    this.redis.close();
  }
}

/** All that a namespace holds in Redis. */
export interface Stored {
  readonly headText: string | null;
  readonly head: Head | undefined;
  readonly cursor: Cursor | null;
  readonly log: readonly LogRecord[];
  readonly watch: WatchDocument | null;
}

export async function stored(redis: Redis, keyPrefix: string, namespace = 'main'): Promise<Stored> {
  const keys: NamespaceKeys = namespaceKeys(keyPrefix, namespace);
  const [headText = null, cursorText] = await redis.mget(keys.head, keys.cursor);
  const reply = await since(redis, {
    keys,
    position: { generation: 0, sequence: 0 },
    knownWatchHash: null,
  });
  return {
    headText,
    head: headText === null ? undefined : parseHead(headText),
    cursor: parseCursor(cursorText),
    log: reply?.records ?? [],
    watch: reply?.watch ?? null,
  };
}

/** What a Redis that went back holds: the keys of a namespace and its values as they were at another moment. */
export async function remember(redis: Redis, keyPrefix: string): Promise<() => Promise<void>> {
  const names = await redis.keys(`${keyPrefix}:*`);
  const dumps = await Promise.all(names.map((name) => redis.dumpBuffer(name)));
  return async () => {
    const present = await redis.keys(`${keyPrefix}:*`);
    const transaction = redis.multi();
    if (present.length > 0) transaction.del(...present);
    for (const [index, name] of names.entries()) {
      const dump = dumps[index];
      if (dump !== undefined && dump !== null) transaction.restore(name, 0, dump);
    }
    await transaction.exec();
  };
}
