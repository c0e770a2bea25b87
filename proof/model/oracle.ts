// Judges every value that an instance serves, with the history that only it knows. After each step of a walk it peeks
// into every awake instance, so that a value that must not be there is seen the moment it is there.
import { formatPosition, namespaceKeys, parseHead } from '@tidemark/protocol';
import type { DatabaseModel } from './database-model.ts';
import { boundMs, type Instance, keyPrefix, type ModelRegion } from './model-process.ts';
import type { WorldTime } from './process-clock.ts';
import type { RedisModel } from './redis-model.ts';
import type { Coverage, RowHistory } from './row-history.ts';

export type Promised = 'R1' | 'R2' | 'R3' | 'R6';

export interface Violation {
  readonly promise: Promised;
  readonly text: string;
}

export interface OracleOptions {
  readonly time: WorldTime;
  readonly history: RowHistory;
  readonly database: DatabaseModel;
  readonly regions: readonly ModelRegion[];
}

type ReadKind = 'peek' | 'get' | 'fresh get';

/** A read under way: what it must not be older than is settled when it starts. */
interface Begun {
  readonly instance: Instance;
  readonly region: ModelRegion;
  readonly how: ReadKind;
  readonly row: string;
  readonly position: string | null;
  readonly startMs: number;
  /** Of R2: what the position of the instance covers. */
  readonly covered: number;
  /** Of R3: what the row was when an own write, or the call of a fresh read, was over. */
  readonly own: number;
}

export class Oracle {
  readonly #options: OracleOptions;
  /** What each position of each namespace covers: `namespace position`. */
  readonly #coverage = new Map<string, Coverage>();
  readonly #own = new Map<string, number>();
  #violation: Violation | undefined;
  #checks = 0;

  constructor(options: OracleOptions) {
    this.#options = options;
  }

  get violation(): Violation | undefined {
    return this.#violation;
  }

  get checks(): number {
    return this.#checks;
  }

  report(violation: Violation): void {
    this.#violation ??= violation;
  }

  /** A server has moved its head: what that stands for is what its cursor has read. */
  onHeadMoved(redis: RedisModel): void {
    for (const namespace of new Set(this.#options.regions.map((region) => region.namespace))) {
      const keys = namespaceKeys(keyPrefix, namespace);
      const head = parseHead(redis.get(keys.head) ?? '');
      const cursor = redis.get(keys.cursor);
      if (head === undefined || cursor === null) continue;
      const name = `${namespace} ${formatPosition(head.position)}`;
      if (this.#coverage.has(name)) continue;
      const { server, snapshot } = JSON.parse(cursor) as { server: string; snapshot: string };
      const coverage = this.#options.database.coverageOf(server, snapshot);
      if (coverage !== undefined) this.#coverage.set(name, coverage);
    }
  }

  /** `await region.write` is over: from here on nothing older may be read there. */
  onWritten(instance: Instance, region: ModelRegion, key: string): void {
    const row = `${region.reads}/${key}`;
    this.#own.set(`${instance.id} ${region.name} ${key}`, this.#options.history.count(row));
  }

  peekAll(instance: Instance): void {
    if (!instance.isAwake) return;
    const positions = this.#positions(instance);
    for (const region of this.#options.regions) {
      const handle = instance.regions.get(region.name);
      for (const key of region.keys) {
        const value = handle?.peek(key);
        if (typeof value !== 'number') continue;
        this.judge(this.#begin({ instance, region, key, positions, how: 'peek' }), value);
      }
    }
  }

  begin(read: {
    readonly instance: Instance;
    readonly region: ModelRegion;
    readonly key: string;
    readonly isFresh: boolean;
  }): Begun {
    const { isFresh, instance } = read;
    const positions = this.#positions(instance);
    const begun = this.#begin({ ...read, positions, how: isFresh ? 'fresh get' : 'get' });
    return isFresh ? { ...begun, own: this.#options.history.count(begun.row) } : begun;
  }

  judge(begun: Begun, value: number): void {
    this.#checks += 1;
    const { row, startMs, covered, own } = begun;
    const { history } = this.#options;
    const ordinal = history.ordinal(row, value);
    const ageMs = startMs - history.overtakenMs(row, value);
    if (ageMs <= boundMs && ordinal >= covered && ordinal >= own) return;
    const { how, region, instance, position } = begun;
    const what = `${how} of ${row} through ${region.name} on ${instance.name} (at ${position ?? 'no position'}) gave value number ${ordinal}`;
    if (ordinal < covered) {
      this.report({ promise: 'R2', text: `${what}; the position covers number ${covered}` });
    } else if (ordinal < own) {
      this.report({
        promise: 'R3',
        text: `${what}; number ${own} was there when the call before it returned`,
      });
    } else {
      this.report({ promise: 'R1', text: `${what}, overtaken ${ageMs} ms before the read began` });
    }
  }

  #positions(instance: Instance): ReadonlyMap<string, string | null> {
    return new Map(
      instance.cache.status().namespaces.map(({ namespace, position }) => [namespace, position]),
    );
  }

  #begin(read: {
    readonly instance: Instance;
    readonly region: ModelRegion;
    readonly key: string;
    readonly positions: ReadonlyMap<string, string | null>;
    readonly how: ReadKind;
  }): Begun {
    const { instance, region, key, how } = read;
    const row = `${region.reads}/${key}`;
    const position = (region.hasJournal ? read.positions.get(region.namespace) : null) ?? null;
    const covered = this.#coverage.get(`${region.namespace} ${position}`)?.get(row) ?? 0;
    const own = this.#own.get(`${instance.id} ${region.name} ${key}`) ?? 0;
    return { instance, region, how, row, position, startMs: this.#options.time.nowMs, covered, own };
  }
}
