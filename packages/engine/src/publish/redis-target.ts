// Publishes rounds of one namespace to Redis. Of several publishers one works, decided by compare-and-set on the head
// alone: no clock, no election. After anything uncertain it forgets what it knew and starts from what Redis says.
import {
  type Begun,
  begin,
  type Changes,
  type Cursor,
  formatHead,
  formatWatch,
  type Head,
  type Hint,
  isContinuous,
  type Journal,
  type JournalGlance,
  type JournalRead,
  type Logger,
  type LogRecord,
  namespaceKeys,
  type NamespaceKeys,
  parseWatch,
  publish,
  type RoundOutcome,
  type RoundTarget,
  storedKey,
  takeover,
  tell,
  TidemarkError,
  type Watch,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import type { EngineRedis } from '../redis.ts';
import {
  afterRefusal,
  type Claim,
  claimedHead,
  claimFromMemory,
  claimNothing,
  type Idle,
  type Memory,
  observe,
  startObserving,
} from './claim.ts';
import { parseCursor } from './cursor.ts';
import { addRecord, changesOf, finishRound, overtakenValues } from './next-record.ts';

type Working = { readonly kind: 'working'; readonly memory: Memory };
type State = Idle | Claim | Working;

export interface RedisTargetOptions {
  readonly redis: EngineRedis;
  readonly journal: Journal;
  readonly keyPrefix: string;
  readonly namespace: string;
  readonly roundEveryMs: number;
  readonly logger: Logger;
  /** While standing by: the namespaces that the one who works says there are. */
  readonly onNamespaces?: (namespaces: readonly string[]) => void;
}

/** What one script makes of the memory. */
interface NextPublication {
  readonly record: LogRecord | null;
  readonly head: Head;
  readonly changes: Changes;
  readonly found: JournalGlance;
  /** Written with it, where it is time to. */
  readonly watch?: string;
}

/** The watch is written anew after so many rounds: every few seconds, for it is read by every new instance. */
const roundsPerWatch = 20;

const refused: RoundOutcome = { isPublished: false, changed: 0, wantsMore: false };

const nothingFound: RoundOutcome = refused;

export class RedisTarget implements RoundTarget {
  readonly #options: RedisTargetOptions;
  readonly #keys: NamespaceKeys;
  #state: State = startObserving;
  /** The watch that the head's hash stands for; undefined until a journal read brought it. */
  #watch: { readonly hash: string; readonly tables: Watch } | undefined;
  /** The head that somebody said to have left, until the next look. */
  #leftHead: string | undefined;
  #looks = 0;

  constructor(options: RedisTargetOptions) {
    this.#options = options;
    this.#keys = namespaceKeys(options.keyPrefix, options.namespace, options.redis.layout);
  }

  /** The position that this publisher stands at; null while it stands by. */
  get position(): Memory['head']['position'] | null {
    return this.#state.kind === 'working' ? this.#state.memory.head.position : null;
  }

  async begin(): Promise<Begun> {
    if (this.#state.kind === 'working') await this.#beginRound(this.#state.memory);
    else await this.#observe();

    const state = this.#state;
    if (state.kind === 'working') return this.#begun(state.memory.cursor);
    if (state.kind === 'claiming') return this.#begun(state.cursor);
    return { kind: 'standby' };
  }

  #begun(cursor: Cursor | null): Begun {
    return { kind: 'begun', cursor, knownWatchHash: this.#watch?.hash ?? null };
  }

  async #beginRound(memory: Memory): Promise<void> {
    const { redis } = this.#options;
    if (redis.epoch !== memory.epoch) {
      // MGET: a key of another type is no head, and no error that would keep coming back.
      const [headText = null] = await redis.ask((commands) => commands.mget(this.#keys.head));
      this.#state = claimFromMemory(memory, headText);
      return;
    }
    const head = { ...memory.head, begun: memory.head.begun + 1 };
    const next = formatHead(head);
    const call = { headKey: this.#keys.head, expected: memory.headText, next };
    const found = await this.#certainly([memory.headText, next], (commands) => begin(commands, call));
    this.#state =
      found === next
        ? { kind: 'working', memory: { ...memory, head, headText: next } }
        : claimFromMemory(memory, found);
  }

  async #observe(): Promise<void> {
    const state = this.#state;
    if (state.kind === 'working') return;
    const { head, cursor, watch } = this.#keys;
    // At the first look, and then as often as it is written.
    const names = this.#looks % roundsPerWatch === 0 ? [head, cursor, watch] : [head, cursor];
    this.#looks += 1;
    const leftHead = this.#leftHead;
    this.#leftHead = undefined;
    const [headText = null, cursorText, watchText] = await this.#options.redis.ask((commands) =>
      commands.mget(...names),
    );
    this.#tellNamespaces(watchText ?? '');
    if (state.kind !== 'claiming') {
      const observed = { headText, cursor: parseCursor(cursorText) };
      this.#state = observe(state, leftHead === undefined ? observed : { ...observed, leftHead });
    } else if (headText !== state.expectedHead) {
      // The claim could not be carried out (the journal was not readable), and meanwhile the head has moved.
      this.#state = afterRefusal(state);
    }
  }

  #tellNamespaces(watchText: string): void {
    const { namespaces } = parseWatch(watchText) ?? {};
    if (namespaces !== undefined) this.#options.onNamespaces?.(namespaces);
  }

  /**
   * Goes back to where a publisher stands that does not know its last outcome: while the head is its own it claims, which
   * moves nothing before the journal is read. Rounds that are begun each period and never done would win every
   * compare-and-set against whoever does read the journal (R6).
   */
  abandon(): void {
    if (this.#state.kind === 'working') {
      this.#state = { kind: 'unsure', mine: [this.#state.memory.headText] };
    }
  }

  /** Somebody says to have left this head for good: if the next look finds it, nobody has to be waited for. */
  inherit(leftHead: string): void {
    this.#leftHead = leftHead;
  }

  /**
   * Says on the bus that this publisher goes for good, and which head it leaves. A lost word costs the others six periods;
   * to be called after the last round.
   */
  async leave(): Promise<void> {
    const state = this.#state;
    if (state.kind !== 'working') return;
    this.#state = startObserving;
    const hint: Hint = { kind: 'leaving', head: state.memory.headText };
    await this.#options.redis.ask((commands) => tell(commands, { keys: this.#keys, hint }));
  }

  async publish(read: JournalRead): Promise<RoundOutcome> {
    if (read.isInRecovery) {
      throw new TidemarkError('the database is a standby or in recovery: rounds need the primary', {
        code: 'SOURCE_IN_RECOVERY',
      });
    }
    if (read.watch !== null) this.#watch = { hash: read.cursor.watchHash, tables: read.watch };
    const state = this.#state;
    if (state.kind === 'claiming') return this.#takeOver(withContinuity(state, read), read);
    if (state.kind !== 'working') return refused;
    if (isContinuous(state.memory.cursor, read)) return this.#publishRound(state.memory, read);

    const { headText, head } = state.memory;
    return this.#takeOver(claimNothing(headText, head.position.generation), read);
  }

  /** Null on another connection, too: begin decides what the memory is worth there. */
  glanceFrom(): Cursor | null {
    const state = this.#state;
    if (state.kind !== 'working' || state.memory.epoch !== this.#options.redis.epoch) return null;
    return state.memory.cursor;
  }

  async publishGlance(glance: JournalGlance): Promise<RoundOutcome | null> {
    const state = this.#state;
    if (state.kind !== 'working' || glance.isInRecovery) return null;
    if (!isContinuous(state.memory.cursor, glance)) return null;
    const { memory } = state;
    const changes = this.#changesIn(glance);
    // The cursor stays where it is in Redis, and so it does here.
    if (changes.size === 0) return nothingFound;
    const outcome = await this.#publish(memory, {
      ...addRecord(memory.head, changes),
      changes,
      found: glance,
    });
    return outcome.isPublished ? outcome : null;
  }

  #changesIn({ changes }: JournalGlance): Changes {
    return changesOf(this.#options.namespace, this.#watch?.tables ?? new Map(), changes);
  }

  async #publishRound(memory: Memory, read: JournalRead): Promise<RoundOutcome> {
    const changes = this.#changesIn(read);
    const next = finishRound(memory.head, changes);
    const isWatchDue = next.head.begun % roundsPerWatch === 0;
    const watch = isWatchDue ? this.#watchText(next.head.watchHash) : undefined;
    return this.#publish(memory, { ...next, changes, found: read, ...(watch !== undefined && { watch }) });
  }

  async #publish(memory: Memory, next: NextPublication): Promise<RoundOutcome> {
    const { redis } = this.#options;
    // The connection that the memory was learnt on is gone: begin decides what it is worth on the next one.
    if (redis.epoch !== memory.epoch) return refused;
    const { record, head, changes, found, watch } = next;
    const headText = formatHead(head);
    const isPublished = await this.#certainly([memory.headText, headText], (commands) =>
      publish(commands, {
        keys: this.#keys,
        expectedHead: memory.headText,
        nextHead: headText,
        cursor: JSON.stringify(found.cursor),
        record,
        valueKeys: this.#overtakenBy(changes),
        ...(watch !== undefined && { watch }),
      }),
    );
    // A refusal is certain, and the memory still what was left behind: the next begin finds out who moved the head.
    if (!isPublished) return refused;
    this.#state = { kind: 'working', memory: { ...memory, head, headText, cursor: found.cursor } };
    return { isPublished, changed: countKeys(changes.values()), wantsMore: false };
  }

  #overtakenBy(changes: Changes): string[] {
    const watch = this.#watch?.tables ?? new Map();
    return overtakenValues(changes, watch).map((key) => storedKey(this.#keys, key));
  }

  async #takeOver(claim: Claim, read: JournalRead): Promise<RoundOutcome> {
    const { redis, journal, logger, namespace } = this.#options;
    const { epoch } = redis;
    const generation = await journal.nextGeneration(claim.atLeast);
    const head = claimedHead(claim, generation, read.cursor.watchHash);
    const headText = formatHead(head);
    const cursor = claim.cursor ?? read.cursor;
    const mine = [...(claim.expectedHead === null ? [] : [claim.expectedHead]), headText];
    const isTaken = await this.#certainly(mine, (commands) =>
      takeover(commands, {
        keys: this.#keys,
        expectedHead: claim.expectedHead,
        nextHead: headText,
        cursor: JSON.stringify(cursor),
        watch: this.#watchText(read.cursor.watchHash),
        link: { position: head.position, previous: claim.link, changes: new Map() },
      }),
    );
    if (!isTaken) return this.#standBy();
    logger.info(
      { namespace, generation, link: claim.link, floor: head.floor },
      claim.link === null ? 'new generation, linked to nothing' : 'new generation, linked to the one before',
    );
    this.#state = { kind: 'working', memory: { head, headText, cursor, epoch } };
    const opened = { generation, isLinked: claim.link !== null };
    return { isPublished: true, changed: 0, wantsMore: true, opened };
  }

  #watchText(hash: string): string {
    const { namespace, roundEveryMs } = this.#options;
    const watch: Watch = this.#watch?.tables ?? new Map();
    const namespaces = [...new Set([...watch.values()].map(({ namespace }) => namespace))];
    return formatWatch({ hash, roundEveryMs, tables: tablesOf(namespace, watch), namespaces });
  }

  #standBy(): RoundOutcome {
    this.#state = this.#state.kind === 'claiming' ? afterRefusal(this.#state) : startObserving;
    return refused;
  }

  /** Runs a script; when its outcome stays unknown, nothing is remembered but what the head may be. */
  async #certainly<T>(mine: readonly string[], run: (commands: Redis) => Promise<T>): Promise<T> {
    try {
      return await this.#options.redis.ask(run);
    } catch (error) {
      this.#state = { kind: 'unsure', mine };
      throw error;
    }
  }
}

/** A claim that goes on from a cursor can do so only if the journal is the same one, with the same watch. */
function withContinuity(claim: Claim, read: JournalRead): Claim {
  if (claim.cursor === null || isContinuous(claim.cursor, read)) return claim;
  return claimNothing(claim.expectedHead, claim.atLeast);
}

function tablesOf(namespace: string, watch: Watch): Watch {
  return new Map([...watch].filter(([, table]) => table.namespace === namespace));
}

function countKeys(changed: Iterable<readonly string[] | null>): number {
  let count = 0;
  for (const keys of changed) count += keys?.length ?? 1;
  return count;
}
