// Two publishers, two instances and a real Redis through random histories: rounds that are cut in two, answers that get
// lost, a Redis that goes back to any earlier moment or to nothing, a database that starts anew. After every step what an
// instance in step with the head may serve holds every change that the cursor beside this head covers (R2).
import { type RedisServer, startRedis } from '@tidemark/devstack';
import type { JournalRead } from '@tidemark/protocol';
import * as fc from 'fast-check';
import type { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { InstanceModel, servedFromL2 } from '../testing/instance-model.ts';
import { type Publisher, remember } from '../testing/publisher.ts';
import { RedisScene } from '../testing/redis-scene.ts';
import type { ScriptedJournal } from '../testing/scripted-journal.ts';
import { patience } from './claim.ts';

const dataKeys = ['a', 'b', 'c'] as const;
type DataKey = (typeof dataKeys)[number];

let server: RedisServer;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(() => server.close());

/** What a connection does with the next script. */
type Fault = 'none' | 'lost before' | 'lost after';

/** A publisher whose connection obeys the test, and whose rounds can be cut between read and publish. */
class CutPublisher {
  readonly publisher: Publisher;
  readonly #journal: ScriptedJournal;
  #epoch = 0;
  #fault: Fault = 'none';
  #held: JournalRead | undefined;

  constructor(publisher: Publisher, journal: ScriptedJournal) {
    this.publisher = publisher;
    this.#journal = journal;
    const { redis } = publisher;
    Object.defineProperty(redis, 'epoch', { get: () => this.#epoch });
    redis.ask = (run) => this.#ask(() => run(redis.commands));
  }

  async #ask<T>(run: () => Promise<T>): Promise<T> {
    const fault = this.#fault;
    this.#fault = 'none';
    const answer = fault === 'lost before' ? undefined : await run();
    if (fault === 'none') return answer as T;
    this.#epoch += 1;
    throw new Error(`the connection was ${fault} the effect`);
  }

  breakNext(fault: Fault): void {
    this.#fault = fault;
  }

  reconnect(): void {
    this.#epoch += 1;
  }

  async round(): Promise<void> {
    this.#held = undefined;
    await this.publisher.tryRound();
  }

  /** The first half of a round. */
  async beginAndRead(): Promise<void> {
    this.#held = undefined;
    try {
      const begun = await this.publisher.target.begin();
      if (begun.kind === 'standby') return;
      this.#held = await this.#journal.read({
        since: begun.cursor?.snapshot ?? null,
        knownWatchHash: begun.knownWatchHash,
        signal: new AbortController().signal,
      });
    } catch {
      // A broken connection: the next round finds out.
    }
  }

  /** Rounds until it works, which takes its patience if another one does. */
  async takeOver(): Promise<void> {
    for (let look = 0; look < patience + 2; look += 1) await this.round();
  }

  /** The second half, however late. */
  async publishHeld(): Promise<void> {
    const read = this.#held;
    this.#held = undefined;
    if (read !== undefined) await this.publisher.target.publish(read).catch(() => undefined);
  }
}

class World {
  readonly scene: RedisScene;
  readonly publishers: CutPublisher[] = [];
  readonly instances: InstanceModel[] = [];
  /** Moments that Redis can go back to: what comes after one is gone with it, as with every recovery. */
  #moments: (() => Promise<void>)[] = [];
  /** The last commit of each key. */
  readonly #committedAt = new Map<string, number>();

  constructor() {
    this.scene = new RedisScene(server);
  }

  async open(): Promise<void> {
    const { scene } = this;
    for (let count = 0; count < 2; count += 1) {
      this.publishers.push(new CutPublisher(await scene.publisher(), scene.journal));
      this.instances.push(new InstanceModel(await scene.follower()));
    }
    // A later server than all before: generations of PostgreSQL never repeat.
    await this.publishers[0]?.round();
  }

  get redis(): Redis {
    return this.scene.redis;
  }

  get commitCount(): number {
    return Number(this.scene.journal.snapshot);
  }

  commit(key: DataKey | null): void {
    const { journal } = this.scene;
    if (key === null) journal.commitWhole();
    else journal.commit(key);
    for (const changed of key === null ? dataKeys : [key]) this.#committedAt.set(changed, this.commitCount);
  }

  async fillLate(): Promise<void> {
    const prefix = `${this.scene.keyPrefix}:policy`;
    for (const instance of this.instances) await instance.fillLate(this.redis, prefix);
  }

  async note(): Promise<void> {
    this.#moments.push(await remember(this.redis, this.scene.keyPrefix));
  }

  async goBack(depth: number): Promise<void> {
    this.#moments = this.#moments.slice(0, Math.max(0, this.#moments.length - depth));
    const goBack = this.#moments.at(-1);
    if (goBack === undefined) await this.redis.flushall();
    else await goBack();
    for (const publisher of this.publishers) publisher.reconnect();
  }

  /** The invariant. */
  async check(): Promise<void> {
    const { head, cursor } = await this.scene.now();
    if (head === undefined || cursor === null) return;
    expect(head.done).toBeLessThanOrEqual(head.begun);
    expect(head.floor).toBeLessThanOrEqual(head.position.generation);
    const covered = Number(cursor.snapshot);
    const isStale = (key: string, loadedAt: number): boolean => {
      const committedAt = this.#committedAt.get(key) ?? 0;
      return loadedAt < committedAt && committedAt <= covered;
    };
    for (const instance of this.instances) {
      instance.absorb();
      const { position } = instance.follower;
      const isInStep =
        position?.generation === head.position.generation && position.sequence === head.position.sequence;
      const stale = [...instance.entries].filter(([key, loadedAt]) => isInStep && isStale(key, loadedAt));
      expect(stale).toEqual([]);
    }
    for (const key of dataKeys) {
      const loadedAt = await servedFromL2(this.redis, this.scene.valueKey(key), head);
      if (loadedAt !== undefined) expect(isStale(key, loadedAt)).toBe(false);
    }
  }

  /** Without faults everything is covered within the patience of whoever stands by (R6). */
  async checkProgress(): Promise<void> {
    for (let round = 0; round < patience + 4; round += 1) {
      for (const publisher of this.publishers) await publisher.round();
    }
    for (const instance of this.instances) await instance.catchUp();
    const { head, cursor } = await this.scene.now();
    expect(cursor?.snapshot).toBe(this.scene.journal.snapshot);
    for (const { follower } of this.instances) expect(follower.position).toEqual(head?.position);
    await this.check();
  }
}

/** A step with a name, so that a counterexample can be read. */
interface Step {
  readonly name: string;
  readonly act: (world: World) => void | Promise<void>;
}

function always(name: string, act: Step['act']): fc.Arbitrary<Step> {
  return fc.constant({ name, act });
}

const who = fc.constantFrom(0, 1);
const dataKey = fc.constantFrom(...dataKeys);

function ofPublisher(
  name: string,
  act: (publisher: CutPublisher) => void | Promise<void>,
): fc.Arbitrary<Step> {
  return who.map((index) => ({
    name: `publisher ${index} ${name}`,
    act: ({ publishers }) => {
      const publisher = publishers[index];
      if (publisher !== undefined) return act(publisher);
    },
  }));
}

const commit = fc.option(dataKey, { freq: 6 }).map((key): Step => {
  return { name: `commit ${key ?? 'the whole table'}`, act: (world) => world.commit(key) };
});

const catchUp = who.map((index): Step => {
  return { name: `instance ${index} catches up`, act: ({ instances }) => instances[index]?.catchUp() };
});

const load = fc.tuple(who, dataKey).map(([index, key]): Step => {
  return {
    name: `instance ${index} loads ${key}`,
    act: ({ instances, commitCount }) => instances[index]?.load(key, commitCount),
  };
});

const fillLate = always('fills arrive', (world) => world.fillLate());

const note = always('a moment to go back to', (world) => world.note());

const goBack = fc.nat({ max: 2 }).map((depth): Step => {
  return { name: `Redis goes back by ${depth}`, act: (world) => world.goBack(depth) };
});

const ordinary: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: commit },
  { weight: 6, arbitrary: ofPublisher('runs a round', (publisher) => publisher.round()) },
  { weight: 4, arbitrary: catchUp },
  { weight: 6, arbitrary: load },
  { weight: 4, arbitrary: fillLate },
);

const rare: fc.Arbitrary<Step> = fc.oneof(
  ofPublisher('takes over', (publisher) => publisher.takeOver()),
  ofPublisher('begins and reads', (publisher) => publisher.beginAndRead()),
  ofPublisher('publishes what it read', (publisher) => publisher.publishHeld()),
  ofPublisher('will lose a script', (publisher) => publisher.breakNext('lost before')),
  ofPublisher('will lose an answer', (publisher) => publisher.breakNext('lost after')),
  ofPublisher('reconnects', (publisher) => publisher.reconnect()),
  note,
  goBack,
  always('Redis is empty', (world) => world.goBack(Number.POSITIVE_INFINITY)),
  always('the database restarts', ({ scene }) => scene.journal.restart()),
  always('the journal is pruned', ({ scene }) => scene.journal.pruneAll()),
  always('the watch changes', ({ scene }) => scene.journal.changeWatch(scene.journal.watch)),
);

// What goes wrong only in a certain order would need luck to come up step by step.

function round(index: number): Step {
  return { name: `publisher ${index} runs a round`, act: ({ publishers }) => publishers[index]?.round() };
}

function takesOver(index: number): Step {
  return { name: `publisher ${index} takes over`, act: ({ publishers }) => publishers[index]?.takeOver() };
}

const someOrdinary = fc.array(ordinary, { maxLength: 3 });

/** An UNLINK that Redis loses brings the value back. */
const lostUnlink = fc
  .tuple(who, load, catchUp, commit, someOrdinary)
  .map(([index, loaded, caughtUp, committed, meanwhile]): Step[] => [
    round(index),
    caughtUp,
    loaded,
    { name: 'fills arrive', act: (world) => world.fillLate() },
    { name: 'a moment to go back to', act: (world) => world.note() },
    committed,
    round(index),
    ...meanwhile,
    { name: 'Redis goes back by 0', act: (world) => world.goBack(0) },
    round(index),
  ]);

/** Changes that the database does not know any more when somebody without a memory goes on. */
const lostChanges = fc
  .tuple(who, load, commit, fc.constantFrom('restart', 'pruneAll'))
  .map(([index, loaded, committed, end]): Step[] => [
    round(index),
    loaded,
    committed,
    { name: `the journal: ${end}`, act: ({ scene }) => scene.journal[end]() },
    takesOver(1 - index),
  ]);

const zombie = fc.tuple(who, someOrdinary).map(([index, meanwhile]): Step[] => [
  {
    name: `publisher ${index} begins and reads`,
    act: ({ publishers }) => publishers[index]?.beginAndRead(),
  },
  ...meanwhile,
  takesOver(1 - index),
  ...meanwhile,
  {
    name: `publisher ${index} publishes what it read`,
    act: ({ publishers }) => publishers[index]?.publishHeld(),
  },
]);

const history = fc
  .array(
    fc.oneof(
      { weight: 16, arbitrary: ordinary.map((one) => [one]) },
      { weight: 8, arbitrary: rare.map((one) => [one]) },
      { weight: 1, arbitrary: lostUnlink },
      { weight: 1, arbitrary: lostChanges },
      { weight: 1, arbitrary: zombie },
    ),
    { minLength: 10, maxLength: 40 },
  )
  .map((episodes) => episodes.flat());

/** fast-check shows a counterexample by its text. */
function named(steps: readonly Step[]): Step[] {
  return steps.map((one) => ({ ...one, [fc.toStringMethod]: () => one.name }));
}

test('no history of faults lets an instance in step serve what the cursor covers, and all histories end well', async () => {
  await fc.assert(
    fc.asyncProperty(history.map(named), async (steps) => {
      const world = new World();
      try {
        await world.open();
        for (const { act } of steps) {
          await act(world);
          await world.check();
        }
        await world.checkProgress();
      } finally {
        world.scene.close();
      }
    }),
    { numRuns: 100 },
  );
});
