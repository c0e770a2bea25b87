// The state of the live demo: what each instance answered and dropped, what became of each change, how all is doing.
// Takes in events with their times and gives out snapshots; starts nothing and asks nobody.
import type { CacheStatus, OvertakenEvent, StoredEvent } from '@tidemark/cache';
import { ChangeTracker, type TrackedChange } from '../answers/change-tracker.ts';
import { judge } from '../answers/judge.ts';
import type { Answered } from '../demo/prober.ts';
import type { SidecarState } from '../processes/sidecar-process.ts';
import type { ChangeView, HoldView, InstanceView, Lags, SidecarView, Snapshot } from './snapshot.ts';

export interface BoardOptions {
  readonly instances: readonly string[];
  readonly hints: string;
  readonly boundMs: number;
  /** Shown from the beginning, and always. */
  readonly tenants: readonly string[];
}

/** Of other tenants that are changed by hand, the last few are shown too. */
const mostGuests = 3;
const shownChanges = 10;

/** News of a change may come later than its drop: such drops count for it. */
const lookBackMs = 100;

interface Hold {
  text: string | null;
  isDropped: boolean;
  from: 'L2' | 'source' | null;
}

interface Instance {
  readonly name: string;
  url: string;
  state: InstanceView['state'];
  status: CacheStatus | undefined;
  readonly holds: Map<string, Hold>;
}

export interface NewsOfChange {
  readonly what: string;
  /** What every shown tenant is to be answered now. */
  readonly texts: ReadonlyMap<string, string>;
  readonly seenMs: number;
  readonly seenAt: string;
}

export class Board {
  readonly tracker: ChangeTracker;
  readonly #options: BoardOptions;
  readonly #instances: ReadonlyMap<string, Instance>;
  readonly #times = new Map<number, string>();
  #guests: readonly string[] = [];
  #sidecar: SidecarState = { kind: 'starting' };
  #answers = { given: 0, withinBound: 0, beyondBound: 0 };

  constructor(options: BoardOptions) {
    this.#options = options;
    this.tracker = new ChangeTracker(options.instances, shownChanges);
    this.#instances = new Map(
      options.instances.map((name) => [
        name,
        { name, url: '', state: 'serving', status: undefined, holds: new Map() },
      ]),
    );
  }

  get tenants(): readonly string[] {
    return [...this.#options.tenants, ...this.#guests];
  }

  /** Makes room for tenants that somebody just changed. */
  invite(tenants: readonly string[]): void {
    const known = new Set(this.tenants);
    const guests = [...this.#guests, ...tenants.filter((tenant) => !known.has(tenant))];
    for (const tenant of guests.slice(0, -mostGuests)) this.#dismiss(tenant);
    this.#guests = guests.slice(-mostGuests);
  }

  #dismiss(tenant: string): void {
    this.tracker.unwatch(tenant);
    for (const { holds } of this.#instances.values()) holds.delete(tenant);
  }

  changed({ what, texts, seenMs, seenAt }: NewsOfChange): void {
    const changed = new Map<string, string>();
    for (const [tenant, text] of texts) {
      const states = this.tracker.statesOf(tenant);
      if (states.length === 0) this.tracker.watch(tenant, 'not known');
      if (states.at(-1)?.text !== text) changed.set(tenant, text);
    }
    const lastMs = this.tracker.changes.at(-1)?.committedMs ?? Number.NEGATIVE_INFINITY;
    const beganMs = Math.max(seenMs - lookBackMs, lastMs);
    const begun = this.tracker.begin({ what, texts: changed, beganMs });
    begun.commit(seenMs);
    this.#times.set(begun.change.id, seenAt);
    this.#times.delete(begun.change.id - shownChanges);
  }

  overtaken(name: string, { keys }: OvertakenEvent, atMs: number): void {
    this.tracker.heardDrop({ instance: name, keys, atMs });
    for (const [tenant, hold] of this.#instances.get(name)?.holds ?? []) {
      if (keys === null || keys.includes(tenant)) hold.isDropped = true;
    }
  }

  stored(name: string, { key, from }: StoredEvent): void {
    const hold = this.#instances.get(name)?.holds.get(key);
    if (hold !== undefined) hold.from = from === 'l2' ? 'L2' : 'source';
  }

  answered(answer: Answered): void {
    const { instance, tenant, text } = answer;
    const holds = this.#instances.get(instance)?.holds;
    if (text === undefined || holds === undefined) return;
    this.tracker.heardAnswer(instance, tenant, answer);
    // What is not known here may be newer than the news of it: only what is old for sure counts.
    const verdict = judge(this.tracker.statesOf(tenant), answer, this.#options.boundMs);
    this.#answers.given += 1;
    if (verdict.kind === 'within bound') this.#answers.withinBound += 1;
    if (verdict.kind === 'beyond bound') this.#answers.beyondBound += 1;
    if (!this.tenants.includes(tenant)) return;
    holds.set(tenant, { text, isDropped: false, from: holds.get(tenant)?.from ?? null });
  }

  setInstance(name: string, news: Partial<Pick<Instance, 'url' | 'state' | 'status'>>): void {
    const instance = this.#instances.get(name);
    if (instance !== undefined) Object.assign(instance, news);
  }

  setSidecar(state: SidecarState): void {
    this.#sidecar = state;
  }

  snapshot(): Snapshot {
    const { hints, boundMs } = this.#options;
    return {
      hints,
      boundMs,
      sidecar: viewOfSidecar(this.#sidecar),
      instances: [...this.#instances.values()].map((instance) => this.#viewOfInstance(instance)),
      changes: this.tracker.changes.map((change) => this.#viewOfChange(change)).toReversed(),
      answers: { ...this.#answers },
    };
  }

  #viewOfInstance({ name, url, state, status, holds }: Instance): InstanceView {
    const region = status?.regions[0];
    const namespace = status?.namespaces[0];
    return {
      name,
      url,
      state,
      hasLease: region?.lease === 'live',
      tidemarkAgeMs: namespace?.tidemarkAgeMs ?? null,
      position: namespace?.position ?? null,
      entries: region?.entries ?? 0,
      loads: region?.loads ?? 0,
      holds: this.tenants.map((tenant) => this.#viewOfHold(name, tenant, holds.get(tenant))),
    };
  }

  #viewOfHold(name: string, tenant: string, hold: Hold | undefined): HoldView {
    const last = this.tracker.changes.findLast(({ tenants }) => tenants.has(tenant));
    return {
      tenant,
      text: hold?.text ?? null,
      isDropped: hold?.isDropped ?? false,
      from: hold?.from ?? null,
      ...(last === undefined ? { droppedMs: null, freshMs: null } : lagsOf(last, name)),
    };
  }

  #viewOfChange(change: TrackedChange): ChangeView {
    return {
      id: change.id,
      at: this.#times.get(change.id) ?? '',
      what: change.what,
      arrivals: this.#options.instances.map((instance) => ({
        instance,
        ...lagsOf(change, instance),
      })),
    };
  }
}

function lagsOf({ arrivals, committedMs }: TrackedChange, instance: string): Lags {
  const { droppedMs, freshMs } = arrivals.get(instance) ?? {};
  // Where the new row came first there was no old entry any more: what is dropped later is something else.
  const isDrop = droppedMs !== undefined && (freshMs === undefined || droppedMs <= freshMs);
  return {
    droppedMs: isDrop ? lagOf(droppedMs, committedMs) : null,
    freshMs: lagOf(freshMs, committedMs),
  };
}

function lagOf(atMs: number | undefined, committedMs: number | undefined): number | null {
  if (atMs === undefined || committedMs === undefined) return null;
  return Math.round(Math.max(0, atMs - committedMs) * 10) / 10;
}

function viewOfSidecar(state: SidecarState): SidecarView {
  if (state.kind !== 'running') return { state: state.kind, position: null, hints: [] };
  const { isReady, engine } = state.report;
  return {
    state: isReady ? 'ready' : 'not ready',
    position: engine.namespaces[0]?.position ?? null,
    hints: engine.hints.map(({ name, state, heard }) => ({ name, state, heard })),
  };
}
