// A cache: the regions of one process, their namespaces, and what keeps those coherent (a listener on Redis, or rounds
// of this process).
import { randomUUID } from 'node:crypto';
import {
  type Announcement,
  announcementNamespace,
  ByNamespace,
  type Clock,
  formatPosition,
  type Key,
  layoutOf,
  type RedisOption,
  sleep,
  TidemarkError,
} from '@tidemark/protocol';
import { announcementOf } from './announce/announcement-of.ts';
import { Announcer, announceEveryMs } from './announce/announcer.ts';
import type { CacheStatus, Mode } from './cache-status.ts';
import { Clocks } from './clocks.ts';
import { HintBus } from './invalidate/hint-bus.ts';
import { Listener } from './invalidate/listener.ts';
import { LocalTarget } from './invalidate/local-target.ts';
import { type Coherent, Namespace } from './invalidate/namespace.ts';
import {
  type CacheOptions,
  type RegionOptions,
  type ResolvedCacheOptions,
  resolveCacheOptions,
  resolveRegionOptions,
} from './options.ts';
import { CacheRedis } from './redis.ts';
import { CachedRegion, type Region } from './region.ts';

export interface Cache extends AsyncDisposable {
  readonly instanceId: string;
  /** @throws TidemarkError `OPTION_UNKNOWN`, `OPTION_INVALID`, `DURATION_INVALID`, `REGION_EXISTS` */
  region<V, K extends Key = string>(options: RegionOptions<V, K>): Region<V, K>;
  /**
   * Resolves when every region that names a table has its lease: from then on reads are served without the source.
   * Serving may begin before; entries then live for the bound only.
   *
   * @returns false when the signal ended the wait, or when nothing here runs or hears rounds
   */
  ready(options?: { readonly signal?: AbortSignal }): Promise<boolean>;
  status(): CacheStatus;
  close(): Promise<void>;
}

interface Member {
  readonly namespace: Namespace;
  readonly redis: CacheRedis | undefined;
  readonly hints: HintBus | undefined;
  readonly listener: Listener | undefined;
  /** Each for itself: one that asks in vain must not have the others wait. */
  askedMs: number;
}

/**
 * Makes a cache. Connections are opened at once, and nothing waits for them: without Redis a cache serves from L1 and
 * the source.
 *
 * @throws TidemarkError `OPTION_UNKNOWN`, `OPTION_INVALID`, `DURATION_INVALID`, `REDIS_URL_INVALID`, `REDIS_CLUSTER_INVALID`
 */
export function createCache(options: CacheOptions = {}): Cache {
  return new CoherentCache(resolveCacheOptions(options));
}

/** How often an uncovered region asks again for its prefix to be watched. */
const askEveryMs = 2_000;

/** How often `ready` looks. */
const readyEveryMs = 10;

class CoherentCache implements Cache {
  readonly instanceId: string = randomUUID();
  readonly #options: ResolvedCacheOptions;
  readonly #clock: Clock;
  readonly #clocks: Clocks;
  readonly #redis: ByNamespace<CacheRedis> | undefined;
  readonly #announcer: Announcer | undefined;
  readonly #members = new Map<string, Member>();
  readonly #regions = new Map<string, Region<unknown, Key> & Coherent>();
  readonly #closing = new AbortController();
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedCacheOptions) {
    const { redis, engine, keyPrefix, clock, logger } = options;
    this.#options = options;
    this.#clock = clock;
    this.#clocks = new Clocks(clock);
    if (redis === undefined) {
      logger.info({}, 'no Redis: every instance is on its own, L1 and the source');
      engine?.start({ keyPrefix, localTarget: (covers) => this.#localTarget(engine.roundEveryMs, covers) });
      return;
    }
    this.#redis = this.#connectionsTo(redis);
    const home = this.#redis.of(announcementNamespace);
    if (options.isAnnounced) this.#announcer = this.#announceIn(home);
    engine?.start({ redis, keyPrefix });
  }

  #connectionsTo(redis: RedisOption): ByNamespace<CacheRedis> {
    const { clock, logger, keyPrefix, redisTimeoutMs } = this.#options;
    const open = (_: string, slotOf: string): CacheRedis =>
      new CacheRedis({ redis, slotOf, clock, logger, readTimeoutMs: redisTimeoutMs });
    return new ByNamespace({ layout: layoutOf(redis), keyPrefix, open });
  }

  #announceIn(redis: CacheRedis): Announcer {
    const { keyPrefix, clock, logger, redisTimeoutMs, instanceName } = this.#options;
    const startedMs = clock.monotonicMs();
    const name = instanceName ?? this.instanceId.slice(0, 8);
    const describe = (): Announcement =>
      announcementOf(this.status(), {
        name,
        upMs: clock.monotonicMs() - startedMs,
        everyMs: announceEveryMs,
      });
    return new Announcer({ redis, keyPrefix, clock, logger, describe, closeTimeoutMs: redisTimeoutMs });
  }

  #localTarget(roundEveryMs: number, covers: (namespace: string) => boolean): LocalTarget {
    const namespaces = (): Iterable<Namespace> =>
      [...this.#members.values()].map(({ namespace }) => namespace).filter(({ name }) => covers(name));
    return new LocalTarget({ clocks: this.#clocks, roundEveryMs, namespaces });
  }

  region<V, K extends Key = string>(options: RegionOptions<V, K>): Region<V, K> {
    const resolved = resolveRegionOptions(options);
    if (this.#regions.has(resolved.name)) {
      throw new TidemarkError(`there is a region "${resolved.name}" already: keep it and use it everywhere`, {
        code: 'REGION_EXISTS',
      });
    }
    const { namespace, redis, hints, listener } = this.#member(resolved.namespace);
    const region = new CachedRegion<V, K>(resolved, {
      cache: this.#options,
      clocks: this.#clocks,
      namespace,
      redis,
      hints,
      closing: this.#closing.signal,
    });
    namespace.add(region);
    this.#regions.set(region.name, region);
    if (region.tables.length > 0) listener?.start();
    return region;
  }

  #member(name: string): Member {
    const known = this.#members.get(name);
    if (known !== undefined) return known;
    const { logger, keyPrefix } = this.#options;
    const namespace = new Namespace(name, this.#clocks, logger);
    const redis = this.#redis?.of(name);
    const hints = redis && new HintBus({ redis, namespace, keyPrefix, instanceId: this.instanceId });
    const listener =
      redis &&
      new Listener({
        redis,
        namespace,
        keyPrefix,
        clock: this.#clock,
        clocks: this.#clocks,
        logger,
        announce: () => this.#askForPrefixes(member),
      });
    const member: Member = { namespace, redis, hints, listener, askedMs: Number.NEGATIVE_INFINITY };
    this.#members.set(name, member);
    return member;
  }

  /** A region under a prefix of its own becomes known to the sidecar without anybody configuring it. */
  #askForPrefixes(member: Member): void {
    const { namespace, hints } = member;
    const nowMs = this.#clock.monotonicMs();
    if (namespace.watchHash === null || nowMs < member.askedMs + askEveryMs) return;
    for (const region of namespace.regions) {
      if (region.tables.length === 0 || region.lease.problem === null) continue;
      member.askedMs = nowMs;
      void hints?.announce(region);
    }
  }

  async ready(options: { readonly signal?: AbortSignal } = {}): Promise<boolean> {
    if (this.#redis === undefined && this.#options.engine === undefined) return this.#hasLeases();
    const ending = AbortSignal.any([this.#closing.signal, ...(options.signal ? [options.signal] : [])]);
    while (!this.#hasLeases()) {
      if (ending.aborted) return false;
      await sleep(this.#clock, readyEveryMs, ending);
    }
    return true;
  }

  #hasLeases(): boolean {
    return [...this.#regions.values()].every(({ tables, lease }) => tables.length === 0 || lease.isLive());
  }

  status(): CacheStatus {
    return {
      mode: this.#mode,
      instanceId: this.instanceId,
      redis: this.#redisState,
      redisErrors: this.#connections.reduce((sum, { errors }) => sum + errors, 0),
      namespaces: [...this.#members.values()].map(({ namespace, listener }) => ({
        namespace: namespace.name,
        position: namespace.position && formatPosition(namespace.position),
        tidemarkAgeMs: namespace.tidemark.ageMs() ?? null,
        boundMs: namespace.shortestBoundMs ?? null,
        resets: listener?.counts.resets ?? 0,
        replays: listener?.counts.replays ?? 0,
        refused: { ...namespace.refused },
      })),
      regions: [...this.#regions.values()].map((region) => region.status()),
    };
  }

  get #connections(): readonly CacheRedis[] {
    return this.#redis?.opened ?? [];
  }

  get #redisState(): CacheStatus['redis'] {
    if (this.#redis === undefined) return 'not used';
    return this.#connections.every(({ isConnected }) => isConnected) ? 'connected' : 'unreachable';
  }

  get #mode(): Mode {
    const { redis, engine } = this.#options;
    if (redis === undefined) return engine === undefined ? 'no journal' : 'no Redis';
    if (engine !== undefined) return 'embedded';
    const hasTables = [...this.#regions.values()].some(({ tables }) => tables.length > 0);
    return hasTables || this.#regions.size === 0 ? 'sidecar' : 'no journal';
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    for (const { listener } of this.#members.values()) listener?.close();
    await this.#announcer?.close();
    for (const redis of this.#connections) redis.close();
    await this.#options.engine?.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
