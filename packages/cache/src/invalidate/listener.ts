// The listener of a namespace: hears records, notices gaps, replays or resets, and reads the head to prove the tidemark.
// The decisions are in listener-state.ts; this file is their sockets and timers.
import {
  type Clock,
  comparePositions,
  formatPosition,
  type Head,
  type Logger,
  namespaceKeys,
  type NamespaceKeys,
  parseHead,
  parseMessage,
  since,
  type SinceReply,
} from '@tidemark/protocol';
import type { Clocks, Instant } from '../clocks.ts';
import type { CacheRedis } from '../redis.ts';
import { headReadsPerBound } from './lease.ts';
import {
  adopt,
  checkReplay,
  type ListenerState,
  lost,
  moveTo,
  onReading,
  onReconnect,
  onRecord,
} from './listener-state.ts';
import type { Namespace } from './namespace.ts';

export interface ListenerOptions {
  readonly redis: CacheRedis;
  readonly namespace: Namespace;
  readonly keyPrefix: string;
  readonly clock: Clock;
  readonly clocks: Clocks;
  readonly logger: Logger;
  /** Regions that the watch does not know yet are announced again now and then. */
  readonly announce: () => void;
}

/** Head reads without an answer, after which the connection is given up: the server may be gone without a word. */
const silentReads = 4;

/** Gaps in a row that the log had to fill, after which the subscription is taken for dead. */
const deafGaps = 4;

/**
 * Heads in a row that are behind the position here, after which the position is given up. Redis that went back is mended
 * by a sidecar before; a position that a stranger's head gave would never be reached again. So many readings make a bound,
 * so that no lease is left to lose, and who starts anew is as safe as a new process.
 */
const headsBehind = headReadsPerBound;

export class Listener {
  readonly #options: ListenerOptions;
  readonly #keys: NamespaceKeys;
  #state: ListenerState = lost;
  #cancelPoll: (() => void) | undefined;
  #isStarted = false;
  #isClosed = false;
  #isResyncing = false;
  #wantsResync = false;
  #silent = 0;
  #gaps = 0;
  #behind = 0;
  #resets = 0;
  #replays = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#keys = namespaceKeys(options.keyPrefix, options.namespace.name, options.redis.layout);
  }

  get counts(): { readonly resets: number; readonly replays: number } {
    return { resets: this.#resets, replays: this.#replays };
  }

  /** Asked once per region with a table; only the first one starts it. */
  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    const { redis } = this.#options;
    const isSharded = this.#keys.slot !== undefined;
    void redis.listen(this.#keys.records, (text) => this.#onMessage(text), { isSharded });
    redis.commands.on('close', () => this.#become(onReconnect(this.#state)));
    // What was published while nobody listened is in the log.
    redis.subscriber.on('ready', () => this.#resync());
    redis.commands.on('ready', () => this.#pollNow());
    this.#pollNow();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelPoll?.();
    this.#become(lost);
  }

  #become(state: ListenerState): void {
    this.#state = state;
    this.#options.namespace.position = state.kind === 'following' ? state.position : null;
  }

  #advance(at: Instant | undefined): void {
    if (at !== undefined) this.#options.namespace.tidemark.advance(at);
  }

  #onMessage(text: string): void {
    const record = parseMessage(text);
    if (record === undefined) {
      this.#options.namespace.refused.records += 1;
      return;
    }
    const outcome = onRecord(this.#state, record);
    switch (outcome.kind) {
      case 'passed over':
        return;
      case 'applied':
        this.#gaps = 0;
        this.#options.namespace.apply(record.changes);
        this.#become(outcome.state);
        this.#advance(outcome.tidemark);
        return;
      case 'gap':
        this.#resync();
        return;
      case 'reset':
        this.#options.namespace.reset();
        this.#become(lost);
        this.#resync();
    }
  }

  #pollNow(): void {
    this.#cancelPoll?.();
    void this.#poll();
  }

  /** Reads the head, again and again; the next reading is planned only when this one is answered. */
  async #poll(): Promise<void> {
    if (this.#isClosed) return;
    const { clock, redis, namespace, announce } = this.#options;
    this.#cancelPoll = undefined;
    try {
      if (redis.isConnected) await this.#readHead();
      this.#silent = 0;
    } catch {
      this.#silent += 1;
      if (this.#silent >= silentReads) redis.reconnectCommands();
    }
    announce();
    // A reading that was asked for meanwhile has planned the next one already.
    if (this.#isClosed || this.#cancelPoll !== undefined) return;
    const everyMs = (namespace.shortestBoundMs ?? Number.POSITIVE_INFINITY) / headReadsPerBound;
    if (Number.isFinite(everyMs)) this.#cancelPoll = clock.schedule(everyMs, () => void this.#poll());
  }

  async #readHead(): Promise<void> {
    const { redis, clocks, namespace } = this.#options;
    const { epoch } = redis;
    // Before the request leaves: rounds that begin after this moment prove it.
    const at = clocks.instant();
    const reply = await redis.ask((commands) => commands.multi().role().get(this.#keys.head).exec());
    if (epoch !== redis.epoch || this.#isClosed) return;
    const [role, headText] = (reply ?? []).map(([error, value]) => (error === null ? value : undefined));
    if (!Array.isArray(role) || role[0] !== 'master') {
      // A replica may be late, and a reading of it would claim rounds that began before it.
      this.#become(onReconnect(this.#state));
      return;
    }
    const head = typeof headText === 'string' ? parseHead(headText) : undefined;
    if (head === undefined) {
      // null: no sidecar has run yet. Anything else, another type too, is no head.
      if (headText !== null) namespace.refused.heads += 1;
      return;
    }
    if (this.#isStranded(head)) this.#become(lost);
    const outcome = onReading(this.#state, head, at);
    this.#become(outcome.state);
    this.#advance(outcome.tidemark);
    // Another watch than the one known here, or one that could not be read when it was asked for, is asked for again.
    if (outcome.isBehind || head.watchHash !== namespace.watchHash) this.#resync();
  }

  #isStranded(head: Head): boolean {
    const isBehind =
      this.#state.kind === 'following' && comparePositions(head.position, this.#state.position) < 0;
    this.#behind = isBehind ? this.#behind + 1 : 0;
    return this.#behind >= headsBehind;
  }

  /**
   * A generation has one watch from its beginning to its end. Another one under the same number is that of a database and
   * a Redis that were both made anew, and count from the beginning: nothing links what was held here to it.
   */
  #isOfAnotherHistory(head: Head): boolean {
    const state = this.#state;
    const { watchHash } = this.#options.namespace;
    return (
      state.kind === 'following' &&
      state.position.generation === head.position.generation &&
      watchHash !== null &&
      watchHash !== head.watchHash
    );
  }

  /** One at a time; what asks meanwhile is served by one more. */
  #resync(): void {
    this.#wantsResync = true;
    if (this.#isResyncing || this.#isClosed) return;
    this.#isResyncing = true;
    void this.#resyncUntilDone().finally(() => {
      this.#isResyncing = false;
    });
  }

  async #resyncUntilDone(): Promise<void> {
    while (this.#wantsResync && !this.#isClosed) {
      this.#wantsResync = false;
      try {
        await this.#resyncOnce();
      } catch {
        // The next head reading asks again.
      }
    }
  }

  async #resyncOnce(): Promise<void> {
    const { redis, namespace } = this.#options;
    if (!redis.isConnected) return;
    const { epoch } = redis;
    const asked = {
      keys: this.#keys,
      position: this.#state.kind === 'following' ? this.#state.position : null,
      knownWatchHash: namespace.watchHash,
    };
    const reply = await redis.ask((commands) => since(commands, asked));
    if (reply === undefined || epoch !== redis.epoch || this.#isClosed) return;
    if (reply.records === null) namespace.refused.records += 1;
    if (this.#state.kind === 'lost' || this.#isOfAnotherHistory(reply.head)) this.#adopt(reply);
    else this.#replay(this.#state, reply);
  }

  #replay(state: Extract<ListenerState, { kind: 'following' }>, reply: SinceReply): void {
    const { namespace, redis } = this.#options;
    // Records that were heard while the log was read are applied already.
    const records =
      reply.records?.filter(({ position }) => comparePositions(position, state.position) > 0) ?? null;
    const replay = checkReplay(state.position, records, reply.head);
    if (replay.kind === 'behind') return;
    if (replay.kind === 'broken') {
      this.#adopt(reply);
      return;
    }
    let at: Instant | undefined;
    let following = state;
    for (const record of records ?? []) {
      namespace.apply(record.changes);
      const moved = moveTo(following, record.position);
      following = moved.state;
      at = moved.tidemark ?? at;
    }
    this.#become(following);
    this.#advance(at);
    this.#follow(reply);
    if (records === null || records.length === 0) return;
    this.#replays += 1;
    this.#gaps += 1;
    if (this.#gaps >= deafGaps) {
      this.#gaps = 0;
      redis.reconnectSubscriber();
    }
  }

  /** Under a watch that can't be read nothing is known to be covered. */
  #follow({ head, watch }: SinceReply): void {
    const { namespace } = this.#options;
    if (watch !== null) namespace.follow(watch);
    else if (namespace.watchHash !== head.watchHash) namespace.follow(null);
  }

  /** Starts anew at the head: whatever was held before may have been overtaken unseen. */
  #adopt(reply: SinceReply): void {
    const { head } = reply;
    const { namespace, logger } = this.#options;
    namespace.reset();
    this.#resets += 1;
    this.#become(adopt(head.position));
    this.#follow(reply);
    logger.info(
      { namespace: namespace.name, position: formatPosition(head.position) },
      'listening from here; everything before was dropped',
    );
    this.#pollNow();
  }
}
