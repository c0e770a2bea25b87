// An instance as small as it can be, on top of a follower: what it loaded, when, and what it put into L2. A value is the
// number of commits that were visible when it was loaded, so that a stale one can be told from a fresh one.
import {
  comparePositions,
  fill,
  type Head,
  isAboveFloors,
  parseValue,
  type Position,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import type { Follower } from './follower.ts';
import { policies } from './scripted-journal.ts';

interface PendingFill {
  readonly key: string;
  readonly loadedAt: number;
  readonly notedAt: Position;
}

export class InstanceModel {
  readonly follower: Follower;
  /** L1: key to the commits that were visible at the load. */
  readonly entries = new Map<string, number>();
  #pendingFills: PendingFill[] = [];
  #resetsSeen = 0;
  #appliedSeen = 0;

  constructor(follower: Follower) {
    this.follower = follower;
  }

  async catchUp(): Promise<void> {
    await this.follower.catchUp();
    this.absorb();
  }

  /** Drops what the follower has heard of by now, be it by pub/sub or by catching up. */
  absorb(): void {
    const { resets, applied } = this.follower;
    if (resets.length > this.#resetsSeen) this.entries.clear();
    for (const { changes } of applied.slice(this.#appliedSeen)) {
      const keys = changes.get(policies);
      if (keys === null) this.entries.clear();
      for (const key of keys ?? []) this.entries.delete(key);
    }
    this.#resetsSeen = resets.length;
    this.#appliedSeen = applied.length;
  }

  /** Loads a key into L1; its fill is on its way for as long as the test likes. */
  load(key: string, loadedAt: number): void {
    this.absorb();
    const { position } = this.follower;
    if (position === null) return;
    this.entries.set(key, loadedAt);
    this.#pendingFills.push({ key, loadedAt, notedAt: position });
  }

  /** All fills that are on their way arrive now. */
  async fillLate(redis: Redis, prefix: string): Promise<void> {
    for (const { key, loadedAt, notedAt } of this.#pendingFills.splice(0)) {
      await fill(redis, {
        keys: this.follower.keys,
        valueKey: `${prefix}:${key}`,
        encodedKey: key,
        tables: [policies],
        value: { notedAt, payload: String(loadedAt) },
        ttlMs: 600_000,
      });
    }
  }
}

/** Commits that were visible at the load of the L2 value of a key; undefined when it may not be served under this head. */
export async function servedFromL2(redis: Redis, valueKey: string, head: Head): Promise<number | undefined> {
  const text = await redis.get(valueKey);
  const value = text === null ? undefined : parseValue(valueKey, text);
  if (value === undefined || !isAboveFloors(head, value.notedAt, [policies])) return undefined;
  return comparePositions(value.notedAt, head.position) > 0 ? undefined : Number(value.payload);
}
