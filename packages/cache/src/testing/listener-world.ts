// A world around one listener, in memory: a database that commits, a sidecar that runs rounds, a Redis that may lose its
// latest writes, a bus that loses, doubles and reorders, connections that break. And the oracle: which commits the
// listener has made harmless here, so that a tidemark that says more than that is caught at once.
import { comparePositions, type Head, type LogRecord, type Position } from '@tidemark/protocol';
import type { Instant } from '../clocks.ts';
import {
  adopt,
  checkReplay,
  type ListenerState,
  lost,
  moveTo,
  onReading,
  onReconnect,
  onRecord,
} from '../invalidate/listener-state.ts';

/** A change is named by its number; the journal is in the order of the commits. */
const table = 't';

interface RedisState {
  readonly head: Head;
  readonly log: readonly LogRecord[];
  /** Commits up to here have been read by the rounds. */
  readonly cursor: number;
}

interface Request {
  readonly at: Instant;
  readonly what: 'head' | 'since';
  readonly position: Position | null;
  /** What the server said; undefined while the request is on its way. */
  answer?: RedisState;
}

interface Round {
  readonly head: Head;
  /** Undefined until the journal was read. */
  readAt?: number;
}

export class ListenerWorld {
  #nowMs = 0;
  readonly #commitMs: number[] = [];
  #redis: RedisState = stateAt({ generation: 1, sequence: 0 }, [], 0);
  /** States that Redis may come back with. */
  readonly #past: RedisState[] = [];
  /** What the sidecar published last; null: it has just started. */
  #memory: RedisState | null = this.#redis;
  #generation = 1;
  #round: Round | undefined;
  #bus: LogRecord[] = [];
  #requests: Request[] = [];
  #reconnectedMs = -1;

  state: ListenerState = lost;
  tidemark: Instant | undefined;
  readonly #applied = new Set<number>();
  #resetMs = -1;

  get #at(): Instant {
    return { monotonicMs: this.#nowMs, wallMs: this.#nowMs };
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get pendingRequests(): number {
    return this.#requests.length;
  }

  get pendingRecords(): number {
    return this.#bus.length;
  }

  // The database and the sidecar.

  commit(): void {
    this.#nowMs += 1;
    this.#commitMs.push(this.#nowMs);
  }

  begin(): void {
    this.#nowMs += 1;
    if (this.#memory?.head !== this.#redis.head) return;
    const head = { ...this.#redis.head, begun: this.#redis.head.begun + 1 };
    this.#store({ ...this.#redis, head });
    this.#round = { head };
  }

  readJournal(): void {
    this.#nowMs += 1;
    if (this.#round !== undefined) this.#round.readAt ??= this.#commitMs.length;
  }

  publish(): void {
    this.#nowMs += 1;
    const round = this.#round;
    if (round?.readAt === undefined || this.#redis.head !== round.head) return;
    this.#round = undefined;
    const commits = range(this.#redis.cursor, round.readAt);
    const { position } = round.head;
    const next = commits.length === 0 ? position : { ...position, sequence: position.sequence + 1 };
    const head = { ...round.head, position: next, done: round.head.begun };
    if (commits.length === 0) {
      this.#store({ ...this.#redis, head, cursor: round.readAt });
      return;
    }
    this.#append(
      { position: next, previous: position, changes: new Map([[table, commits.map(String)]]) },
      head,
      {
        cursor: round.readAt,
      },
    );
  }

  /** A new generation: by a sidecar that remembers, by one that finds Redis as it is, or linked to nothing. */
  takeOver(how: 'memory' | 'Redis' | 'nothing'): void {
    this.#nowMs += 1;
    const from = how === 'memory' && this.#memory !== null ? this.#memory : this.#redis;
    this.#generation += 1;
    const position = { generation: this.#generation, sequence: 0 };
    const isLinked = how !== 'nothing';
    const link: LogRecord = { position, previous: isLinked ? from.head.position : null, changes: new Map() };
    if (!isLinked) this.#redis = { ...this.#redis, log: [] };
    const cursor = isLinked ? from.cursor : this.#commitMs.length;
    this.#round = undefined;
    this.#append(link, stateAt(position, [], 0).head, { cursor });
  }

  /** Fails over to a replica that was behind, or comes back from an older file; every connection breaks. */
  loseWrites(how: number): void {
    this.#nowMs += 1;
    const older = this.#past[how % (this.#past.length || 1)];
    if (older === undefined) return;
    this.#redis = older;
    this.#past.length = 0;
    this.reconnect();
  }

  /** Redis was short of memory. */
  evictLog(): void {
    this.#nowMs += 1;
    this.#redis = { ...this.#redis, log: [] };
  }

  #append(record: LogRecord, head: Head, { cursor }: { readonly cursor: number }): void {
    this.#store({ head, log: [...this.#redis.log, record], cursor });
    this.#bus.push(record);
  }

  #store(state: RedisState): void {
    this.#past.push(this.#redis);
    this.#redis = state;
    this.#memory = state;
  }

  // The bus.

  deliver(which: number, isCopy = false): void {
    this.#nowMs += 1;
    const index = which % (this.#bus.length || 1);
    const record = this.#bus[index];
    if (record === undefined) return;
    if (!isCopy) this.#bus.splice(index, 1);
    this.#hear(record);
  }

  drop(which: number): void {
    this.#nowMs += 1;
    this.#bus.splice(which % (this.#bus.length || 1), 1);
  }

  // The connection: requests are answered in order.

  ask(what: Request['what']): void {
    this.#nowMs += 1;
    if (this.#requests.length >= 8) return;
    const position = this.state.kind === 'following' ? this.state.position : null;
    this.#requests.push({ at: this.#at, what, position });
  }

  serve(): void {
    this.#nowMs += 1;
    const request = this.#requests.find(({ answer }) => answer === undefined);
    if (request !== undefined) request.answer = this.#redis;
  }

  receive(): void {
    this.#nowMs += 1;
    const [request] = this.#requests;
    if (request?.answer === undefined) return;
    this.#requests.shift();
    if (request.what === 'head') this.#onHead(request.answer.head, request.at);
    else this.#onSince(request, request.answer);
  }

  reconnect(): void {
    this.#nowMs += 1;
    this.#requests = [];
    this.#reconnectedMs = this.#nowMs;
    this.state = onReconnect(this.state);
  }

  // The listener, as listener.ts does it, without its sockets.

  #hear(record: LogRecord): void {
    const before = this.state;
    const outcome = onRecord(before, record);
    if (outcome.kind === 'applied') {
      this.#apply(record, before);
      this.state = outcome.state;
      this.#advance(outcome.tidemark);
    } else if (outcome.kind === 'reset') {
      this.#reset();
      this.state = lost;
      this.ask('since');
    } else if (outcome.kind === 'gap') this.ask('since');
  }

  #onHead(head: Head, at: Instant): void {
    const outcome = onReading(this.state, head, at);
    this.state = outcome.state;
    this.#advance(outcome.tidemark);
    if (outcome.isBehind) this.ask('since');
  }

  #onSince({ position: asked }: Request, { head, log }: RedisState): void {
    const state = this.state;
    if (state.kind === 'lost') {
      this.#adopt(head);
      return;
    }
    const records = log.filter(
      ({ position }) => isAfter(position, asked ?? position) && isAfter(position, state.position),
    );
    const replay = checkReplay(state.position, records, head);
    if (replay.kind === 'behind') return;
    if (replay.kind === 'broken') {
      this.#adopt(head);
      return;
    }
    let following = state;
    let at: Instant | undefined;
    for (const record of records) {
      this.#apply(record, following);
      const moved = moveTo(following, record.position);
      following = moved.state;
      at = moved.tidemark ?? at;
    }
    this.state = following;
    this.#advance(at);
  }

  #adopt(head: Head): void {
    this.#reset();
    this.state = adopt(head.position);
  }

  // The oracle.

  #apply(record: LogRecord, before: ListenerState): void {
    const isNext =
      before.kind === 'following' &&
      record.previous !== null &&
      comparePositions(record.previous, before.position) === 0 &&
      isAfter(record.position, before.position);
    if (!isNext) throw new Error(`${JSON.stringify(record)} was applied at ${JSON.stringify(before)}`);
    for (const commit of record.changes.get(table) ?? []) this.#applied.add(Number(commit));
  }

  #reset(): void {
    this.tidemark = undefined;
    this.#resetMs = this.#nowMs;
  }

  #advance(at: Instant | undefined): void {
    if (at === undefined) return;
    if (at.monotonicMs < this.#reconnectedMs) throw new Error('readings were paired over a reconnect');
    if (this.tidemark === undefined || at.monotonicMs > this.tidemark.monotonicMs) this.tidemark = at;
  }

  /** Throws when the tidemark claims a commit that was neither applied here nor made harmless by a reset. */
  check(): void {
    const claimedMs = this.tidemark?.monotonicMs ?? Number.NEGATIVE_INFINITY;
    for (const [commit, committedMs] of this.#commitMs.entries()) {
      if (committedMs >= claimedMs) return;
      if (committedMs > this.#resetMs && !this.#applied.has(commit)) {
        throw new Error(`the tidemark is ${claimedMs}, but the commit of ${committedMs} was not applied`);
      }
    }
  }

  /** No more faults: two rounds, and two readings of the head with time for what they ask for. */
  heal(): void {
    if (this.#memory?.head !== this.#redis.head) this.takeOver('Redis');
    for (let turn = 0; turn < 4; turn += 1) {
      this.begin();
      this.readJournal();
      this.publish();
      while (this.pendingRecords > 0) this.deliver(0);
      this.ask('head');
      while (this.pendingRequests > 0) {
        this.serve();
        this.receive();
      }
    }
  }
}

function stateAt(position: Position, log: readonly LogRecord[], cursor: number): RedisState {
  const head: Head = { position, floor: 0, begun: 0, done: 0, watchHash: 'w', tableFloors: new Map() };
  return { head, log, cursor };
}

function isAfter(a: Position, b: Position): boolean {
  return comparePositions(a, b) > 0;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
}
