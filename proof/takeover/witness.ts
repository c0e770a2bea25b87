// What an onlooker sees of the rounds, over connections of its own past every proxy: when each generation had its first
// round done, and when a record first named each row. Judges nothing.
import { setTimeout as pause } from 'node:timers/promises';
import { type Head, namespaceKeys, parseHead, parseMessage } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { keyNumber, table } from '../chaos/keys.ts';
import { sharedMs } from '../chaos/shared-clock.ts';

/** Far shorter than any takeover. */
const lookEveryMs = 2;

const { head: headKey, records: recordsChannel } = namespaceKeys('copilot', 'main');

/** The other namespace of the deployment; nothing changes in it, and it has to be taken over like the first one. */
const { head: otherHeadKey } = namespaceKeys('copilot', 'conversations');

interface Heard {
  readonly atMs: number;
  /** Rows; null: the whole table. */
  readonly keys: ReadonlySet<number> | null;
}

export interface FirstRound {
  readonly generation: number;
  readonly atMs: number;
}

export class Witness {
  readonly #commands: Redis;
  readonly #subscriber: Redis;
  readonly #firstRoundMs = new Map<number, number>();
  readonly #firstOtherRoundMs = new Map<number, number>();
  #heard: Heard[] = [];
  #resets = 0;
  #head: Head | undefined;
  #isClosed = false;
  #looking: Promise<void> | undefined;

  constructor(redisUrl: string) {
    this.#commands = new Redis(redisUrl);
    this.#subscriber = new Redis(redisUrl);
    for (const redis of [this.#commands, this.#subscriber]) redis.on('error', () => undefined);
  }

  async start(): Promise<void> {
    this.#subscriber.on('message', (_channel: string, text: string) => this.#hear(text));
    await this.#subscriber.subscribe(recordsChannel);
    this.#looking = this.#lookForEver();
  }

  get generation(): number {
    return this.#head?.position.generation ?? 0;
  }

  /** Links to nothing that were published: each makes every instance reset. */
  get linksToNothing(): number {
    return this.#resets;
  }

  /** When the first round of a generation after this one was done. */
  firstRoundAfter(generation: number): FirstRound | undefined {
    return firstAfter(this.#firstRoundMs, generation);
  }

  /** The same for the other namespace. Generations are numbered over all namespaces. */
  firstOtherRoundAfter(generation: number): FirstRound | undefined {
    return firstAfter(this.#firstOtherRoundMs, generation);
  }

  get otherGeneration(): number {
    return Math.max(0, ...this.#firstOtherRoundMs.keys());
  }

  /** When a record first named the row, from this moment on; undefined: none has. */
  namedMs(key: number, fromMs: number): number | undefined {
    return this.#heard.find(({ atMs, keys }) => atMs >= fromMs && (keys === null || keys.has(key)))?.atMs;
  }

  /** What was heard until now is of no account any more. */
  forget(): void {
    this.#heard = [];
  }

  #hear(text: string): void {
    const record = parseMessage(text);
    if (record === undefined) return;
    if (record.previous === null) this.#resets += 1;
    const changed = record.changes.get(table);
    if (changed === undefined) return;
    const keys = changed === null ? null : new Set(changed.map(keyNumber));
    this.#heard.push({ atMs: sharedMs(), keys });
  }

  async #lookForEver(): Promise<void> {
    while (!this.#isClosed) {
      const [text, otherText] = await this.#commands.mget(headKey, otherHeadKey).catch(() => []);
      this.#head = noteFirstRound(this.#firstRoundMs, text) ?? this.#head;
      noteFirstRound(this.#firstOtherRoundMs, otherText);
      await pause(lookEveryMs);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#looking;
    this.#commands.disconnect();
    this.#subscriber.disconnect();
  }
}

/** @returns the head, if there is one */
function noteFirstRound(
  firstRoundMs: Map<number, number>,
  text: string | null | undefined,
): Head | undefined {
  const head = parseHead(text ?? '');
  if (head === undefined) return undefined;
  const { generation } = head.position;
  if (head.done > 0 && !firstRoundMs.has(generation)) firstRoundMs.set(generation, sharedMs());
  return head;
}

function firstAfter(firstRoundMs: ReadonlyMap<number, number>, generation: number): FirstRound | undefined {
  const later = [...firstRoundMs].filter(([number]) => number > generation).sort(([a], [b]) => a - b);
  const [number, atMs] = later[0] ?? [];
  return number === undefined || atMs === undefined ? undefined : { generation: number, atMs };
}
