// The engine: one round loop per namespace, fed by the journal, rung by hints. The sidecar is this and an HTTP port; in
// embedded mode it runs inside an instance; without Redis its rounds end in the one cache of the process.
import {
  type Engine,
  type EngineHost,
  type Journal,
  type RoundTarget,
  TidemarkError,
  type Watch,
} from '@tidemark/protocol';
import type { Hint, HintHost, HintStatus } from './hints/hint-source.ts';
import { PrefixWishes } from './journal/prefix-wishes.ts';
import { bestEffortNamespace, firstNamespace } from './namespaces.ts';
import { type EngineOptions, type ResolvedEngineOptions, resolveOptions } from './options.ts';
import { Pruning } from './pruning.ts';
import { RedisTarget } from './publish/redis-target.ts';
import { RedisBuses } from './redis-buses.ts';
import { type LoopState, RoundLoop } from './round/round-loop.ts';
import { RoundReporter } from './round/round-reporter.ts';

export interface NamespaceStatus {
  readonly namespace: string;
  readonly loop: LoopState;
  /** `generation-sequence`; null while another process runs the rounds. */
  readonly position: string | null;
}

export interface EngineStatus {
  readonly namespaces: readonly NamespaceStatus[];
  readonly hints: readonly HintStatus[];
  readonly redis: 'connected' | 'unreachable' | 'not used';
  /** Commands of the rounds that failed, and connections that were lost or refused, since the start. */
  readonly redisErrors: number;
}

export interface RunningEngine extends Engine, AsyncDisposable {
  status(): EngineStatus;
}

/**
 * Makes an engine; nothing happens before `start`.
 *
 * @throws TidemarkError `OPTION_UNKNOWN`, `DURATION_INVALID`
 */
export function createEngine(options: EngineOptions): RunningEngine {
  return new RoundEngine(resolveOptions(options));
}

interface NamespaceRounds {
  readonly loop: RoundLoop;
  readonly target: RoundTarget;
}

class RoundEngine implements RunningEngine {
  readonly #options: ResolvedEngineOptions;
  readonly #namespaces = new Map<string, NamespaceRounds>();
  #host: EngineHost | undefined;
  #buses: RedisBuses | undefined;
  #wishes: PrefixWishes | undefined;
  /** What each journal follows, as it said last. */
  readonly #watches = new Map<Journal, Watch>();
  readonly #madeMs: number;
  readonly #pruning: Pruning;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedEngineOptions) {
    this.#options = options;
    this.#madeMs = options.clock.monotonicMs();
    const { journal, clock, logger, pruneEveryMs } = options;
    const isWorking = (): boolean =>
      [...this.#namespaces.values()].some(({ loop }) => loop.state.kind === 'working');
    this.#pruning = new Pruning({ journal, clock, logger, everyMs: pruneEveryMs, isWorking });
  }

  get journal(): Journal {
    return this.#options.journal;
  }

  get roundEveryMs(): number {
    return this.#options.roundEveryMs;
  }

  start(host: EngineHost): void {
    if (this.#host !== undefined || this.#closed !== undefined) {
      throw new TidemarkError(
        'the engine was started or closed already: one engine serves one cache or one sidecar, once',
        { code: 'ENGINE_STARTED' },
      );
    }
    this.#host = host;
    const { hints, bestEffort, clock, logger } = this.#options;
    const { keyPrefix } = host;
    const wishes = new PrefixWishes({
      keyPrefix,
      clock,
      logger,
      onAdded: () => this.ring({ needsRound: true }),
    });
    this.#wishes = wishes;
    const hintHost: HintHost = {
      ring: (hint) => this.ring(hint),
      watchPrefix: (table, prefix) => wishes.ask(table, prefix, this.#watches),
      settle: (hint, settled) => this.#options.observer?.onHint({ hint, ...settled }),
    };
    if (host.redis !== undefined) {
      this.#buses = new RedisBuses({
        redis: host.redis,
        keyPrefix,
        clock,
        logger,
        host: hintHost,
        // What rang while Redis was away found nobody to publish to.
        onReady: () => this.#retry(),
        onLeaving: (namespace, head) => this.#inherit(namespace, head),
      });
    }
    this.#serve(firstNamespace, this.journal);
    if (bestEffort !== undefined) this.#serve(bestEffortNamespace, bestEffort);
    for (const hint of hints) hint.start(hintHost);
    this.#pruning.start();
  }

  ring(hint: Hint = {}): void {
    const one = hint.table === undefined ? undefined : this.#roundsOf(hint.table);
    for (const { loop } of one === undefined ? this.#namespaces.values() : [one]) loop.ring(hint);
  }

  #retry(): void {
    this.ring();
    for (const { loop } of this.#namespaces.values()) loop.retry();
  }

  /** Rounds of other namespaces would find nothing, and stand in the way of these. */
  #roundsOf(table: string): NamespaceRounds | undefined {
    const namespace = this.#watches.get(this.journal)?.get(table)?.namespace;
    return namespace === undefined ? undefined : this.#namespaces.get(namespace);
  }

  /** Starts the rounds of a namespace, once. In this process alone, one loop serves all namespaces of its journal. */
  #serve(namespace: string, journal: Journal): void {
    if (this.#namespaces.has(namespace) || this.#host === undefined || this.#closed !== undefined) return;
    const { clock, roundEveryMs, readTimeoutMs } = this.#options;
    const logger = this.#options.logger.child({ namespace });
    const target = this.#targetOf(namespace, journal);
    const reporter = this.#reporterOf(namespace, journal);
    const loop = new RoundLoop({
      target,
      journal,
      clock,
      logger,
      roundEveryMs,
      readTimeoutMs,
      onRead: ({ watch }) => {
        if (watch !== null) this.#learn(journal, watch);
      },
      onRound: (round) => reporter.finished(round),
      onFailure: (round) => reporter.failed(round),
    });
    this.#namespaces.set(namespace, { loop, target });
    if (this.#buses === undefined) loop.start();
    else void this.#buses.listen(namespace).then(() => loop.start());
  }

  #reporterOf(namespace: string, journal: Journal): RoundReporter {
    const { clock, hints, observer } = this.#options;
    return new RoundReporter({
      namespace,
      // What a best-effort journal heard, they need not have announced.
      hints: journal === this.journal ? hints : [],
      observer,
      clock,
      // In this process alone one loop serves all namespaces.
      isOurs: (table) =>
        this.#buses === undefined || this.#watches.get(journal)?.get(table)?.namespace === namespace,
      madeMs: this.#madeMs,
    });
  }

  /**
   * Whoever stands by reads no journal, and learns here which other namespaces there are. Without it, it would begin to
   * wait for each of them only after it has taken over the first one.
   */
  #standByIn(namespaces: readonly string[]): void {
    for (const namespace of namespaces) {
      if (namespace !== bestEffortNamespace) this.#serve(namespace, this.journal);
    }
  }

  #targetOf(namespace: string, journal: Journal): RoundTarget {
    const { logger, roundEveryMs, bestEffort } = this.#options;
    const { keyPrefix, localTarget } = this.#host ?? {};
    if (this.#buses !== undefined && keyPrefix !== undefined) {
      return new RedisTarget({
        redis: this.#buses.redisOf(namespace),
        journal,
        keyPrefix,
        namespace,
        roundEveryMs,
        logger,
        ...(namespace === firstNamespace ? { onNamespaces: (names) => this.#standByIn(names) } : {}),
      });
    }
    // Without a best-effort journal the other one may use its namespace like any.
    const isBestEffort = (name: string): boolean => name === bestEffortNamespace && bestEffort !== undefined;
    if (localTarget !== undefined)
      return localTarget((name) => isBestEffort(name) === (journal === bestEffort));
    throw new TidemarkError('the engine needs Redis, or a cache in this process, to publish its rounds to', {
      code: 'ENGINE_WITHOUT_TARGET',
    });
  }

  /** Before the round is published: were it lost, the journal would not tell the watch again. */
  #learn(journal: Journal, watch: Watch): void {
    this.#watches.set(journal, watch);
    this.#wishes?.forget();
    // Hint sources announce what triggers wrote. What a best-effort journal heard, they need not know.
    if (journal === this.journal) this.#follow(watch);
  }

  #follow(watch: Watch): void {
    for (const hint of this.#options.hints) hint.follow(watch);
    if (this.#buses === undefined) return;
    for (const { namespace } of watch.values()) this.#serve(namespace, this.journal);
  }

  /** The publisher of a namespace leaves: where this process stands by, it need not wait for the head to stand still. */
  #inherit(namespace: string, head: string): void {
    const { loop, target } = this.#namespaces.get(namespace) ?? {};
    if (target instanceof RedisTarget && loop?.look() === true) target.inherit(head);
  }

  status(): EngineStatus {
    const namespaces = [...this.#namespaces].map(([namespace, { loop, target }]) => {
      const position = target instanceof RedisTarget ? target.position : null;
      return {
        namespace,
        loop: loop.state,
        position: position && `${position.generation}-${position.sequence}`,
      };
    });
    const hints = this.#options.hints.flatMap((hint) => hint.status());
    if (this.#buses === undefined) return { namespaces, hints, redis: 'not used', redisErrors: 0 };
    const { redis, redisErrors, apps } = this.#buses.status();
    return { namespaces, hints: [...hints, apps], redis, redisErrors };
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#pruning.close();
    await Promise.all([...this.#namespaces.values()].map(async (rounds) => this.#end(rounds)));
    await Promise.all(this.#options.hints.map((hint) => hint.close()));
    this.#buses?.close();
    await this.#options.bestEffort?.close();
    await this.journal.close();
  }

  /** Ends the rounds of a namespace, then tells whoever stands by: not before, or two would work on one head. */
  async #end({ loop, target }: NamespaceRounds): Promise<void> {
    await loop.close();
    if (!(target instanceof RedisTarget)) return;
    await target.leave().catch((error: unknown) => {
      this.#options.logger.debug({ reason: String(error) }, 'nobody could be told that this process leaves');
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
