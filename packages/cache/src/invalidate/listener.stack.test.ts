// The listener on a real Redis: rounds are run by the test with the scripts of the protocol, and the clock that plans the
// head readings is moved by it.
import { type RedisServer, startRedis, until } from '@tidemark/devstack';
import { FakeClock } from '@tidemark/devstack/fakes';
import {
  type Changes,
  formatHead,
  formatWatch,
  type Head,
  namespaceKeys,
  type NamespaceKeys,
  type Position,
  publish,
  silentLogger,
  takeover,
} from '@tidemark/protocol';
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Clocks } from '../clocks.ts';
import { CacheRedis } from '../redis.ts';
import { Lease } from './lease.ts';
import { Listener } from './listener.ts';
import { type Coherent, Namespace } from './namespace.ts';

const table = 'public.item';
const boundMs = 2_000;

/** These tests kill connections and turn servers into replicas: nobody else's server may be taken for it. */
const own = { environment: { ...process.env, REDIS_URL: '' } };

let server: RedisServer;
let rounds: Rounds;
let listening: Listening[] = [];

beforeAll(async () => {
  server = await startRedis(own);
});

beforeEach(async () => {
  rounds = new Rounds(server.url);
  await rounds.open(1);
});

afterEach(() => {
  for (const one of listening.splice(0)) one.close();
  rounds.close();
});

afterAll(() => server.close());

/** What a sidecar does, one step at a time. */
class Rounds {
  readonly keyPrefix: string;
  readonly keys: NamespaceKeys;
  readonly redis: Redis;
  head: Head = headAt({ generation: 0, sequence: 0 }, 'watch-1');

  constructor(url: string, keyPrefix: string = `scene-${randomUUID()}`) {
    this.keyPrefix = keyPrefix;
    this.keys = namespaceKeys(keyPrefix, 'main');
    this.redis = new Redis(url);
  }

  /** @param link.watch a text that stands where the watch should */
  async open(
    generation: number,
    previous: Position | null = null,
    link: { readonly watchHash?: string; readonly watch?: string } = {},
  ): Promise<void> {
    const { watchHash = 'watch-1' } = link;
    const head = headAt({ generation, sequence: 0 }, watchHash);
    const tables = new Map([
      [table, { namespace: 'main', prefixes: [`${this.keyPrefix}:item`], problem: null }],
    ]);
    await takeover(this.redis, {
      keys: this.keys,
      expectedHead: await this.redis.get(this.keys.head),
      nextHead: formatHead(head),
      cursor: '',
      watch: link.watch ?? formatWatch({ hash: watchHash, roundEveryMs: 100, tables }),
      link: { position: head.position, previous, changes: new Map() },
    });
    this.head = head;
  }

  /** Begins and ends a round; what it names becomes a record. */
  async run(...changed: string[]): Promise<void> {
    const before = this.head;
    const begun = before.begun + 1;
    const { position } = before;
    const next = changed.length === 0 ? position : { ...position, sequence: position.sequence + 1 };
    const changes: Changes = new Map([[table, changed]]);
    this.head = { ...before, begun, done: begun, position: next };
    await publish(this.redis, {
      keys: this.keys,
      expectedHead: formatHead(before),
      nextHead: formatHead(this.head),
      cursor: '',
      record: changed.length === 0 ? null : { position: next, previous: position, changes },
      valueKeys: [],
    });
  }

  close(): void {
    this.redis.disconnect();
  }
}

function headAt(position: Position, watchHash: string): Head {
  return { position, floor: 0, begun: 0, done: 0, watchHash, tableFloors: new Map() };
}

/** A listener with one region that notes what is overtaken. */
class Listening {
  readonly clock = new FakeClock();
  readonly clocks = new Clocks(this.clock);
  readonly overtaken: string[] = [];
  readonly redis: CacheRedis;
  readonly namespace: Namespace = new Namespace('main', this.clocks, silentLogger);
  readonly listener: Listener;
  readonly lease: Lease;
  /** Head readings that were asked for. */
  readings = 0;

  constructor(url: string, { keyPrefix }: Rounds) {
    const { clock, clocks, namespace } = this;
    this.redis = new CacheRedis({ redis: url, clock, logger: silentLogger, readTimeoutMs: 100 });
    this.lease = new Lease(boundMs, namespace.tidemark, true);
    const region: Coherent = {
      name: 'item',
      prefix: `${keyPrefix}:item`,
      tables: [table],
      lease: this.lease,
      overtake: (keys) => void this.overtaken.push(...(keys ?? ['all'])),
    };
    namespace.add(region);
    const announce = (): void => void (this.readings += 1);
    this.listener = new Listener({
      redis: this.redis,
      namespace,
      keyPrefix,
      clock,
      clocks,
      logger: silentLogger,
      announce,
    });
    this.listener.start();
    listening.push(this);
  }

  at(generation: number, sequence: number): boolean {
    const { position } = this.namespace;
    return position?.generation === generation && position.sequence === sequence;
  }

  /** The next reading of the head, answered. */
  async readHead(): Promise<void> {
    const { readings } = this;
    await until(async () => {
      await this.clock.advance(boundMs / 8);
      return this.readings > readings;
    });
  }

  async following(): Promise<this> {
    await until(() => this.namespace.position !== null);
    // The reading that follows the adoption at once.
    await until(() => this.readings > 1);
    this.overtaken.length = 0;
    return this;
  }

  close(): void {
    this.listener.close();
    this.redis.close();
  }
}

async function start(): Promise<Listening> {
  return new Listening(server.url, rounds).following();
}

/** Rounds and readings in turn, until the tidemark is there. */
async function prove(one: Listening, by: Rounds = rounds): Promise<void> {
  await until(async () => {
    await by.run();
    await one.readHead();
    return one.namespace.tidemark.ageMs() !== undefined;
  });
}

describe('a listener', () => {
  it('starts at the head, and has no tidemark before a round began after a reading of it (R1)', async () => {
    const one = await start();
    expect(one.at(1, 0)).toBe(true);
    for (let reading = 0; reading < 5; reading += 1) await one.readHead();
    expect(one.namespace.tidemark.ageMs()).toBeUndefined();
    expect(one.lease.problem).toBeNull();
    await prove(one);
    expect(one.lease.isLive()).toBe(true);
  });

  it('drops what a record names, and moves to its position (R2)', async () => {
    const one = await start();
    await rounds.run('a', 'b');
    await until(() => one.at(1, 1));
    expect(one.overtaken).toEqual(['a', 'b']);
    expect(one.listener.counts).toEqual({ resets: 1, replays: 0 });
  });

  it('fetches records that it missed while its subscription was cut, and keeps the rest (R2)', async () => {
    const one = await start();
    await one.redis.subscriber.unsubscribe(rounds.keys.records);
    await rounds.run('a');
    await rounds.run('b');
    expect(one.at(1, 0)).toBe(true);
    await one.readHead();
    await until(() => one.at(1, 2));
    expect(one.overtaken).toEqual(['a', 'b']);
    expect(one.listener.counts).toEqual({ resets: 1, replays: 1 });
  });

  it('hears again after its connections were cut (R6)', async () => {
    const one = await start();
    for (const { id } of await clientsOf(one)) await rounds.redis.client('KILL', 'ID', id);
    await until(async () => {
      await rounds.run('a');
      return one.overtaken.includes('a');
    });
    expect(one.listener.counts.resets).toBe(1);
  });

  it('starts anew when records that it missed are gone from the log (R2)', async () => {
    const one = await start();
    await one.redis.subscriber.unsubscribe(rounds.keys.records);
    await rounds.run('a');
    await rounds.run('b');
    await rounds.redis.xtrim(rounds.keys.log, 'MAXLEN', 1);
    await one.readHead();
    await until(() => one.at(1, 2));
    expect(one.overtaken).toEqual(['all']);
    expect(one.listener.counts.resets).toBe(2);
    expect(one.namespace.tidemark.ageMs()).toBeUndefined();
  });

  it('goes on into a generation that is linked to its position, and keeps all it holds (R6)', async () => {
    const one = await start();
    await prove(one);
    const { at } = one.namespace.tidemark;
    await rounds.open(2, rounds.head.position);
    await until(() => one.at(2, 0));
    expect(one.overtaken).toEqual([]);
    expect(one.namespace.tidemark.at).toBe(at);
  });

  it('drops all at a link to nothing, and its tidemark with it (R1)', async () => {
    const one = await start();
    await prove(one);
    await rounds.open(2);
    await until(() => one.at(2, 0));
    expect(one.overtaken).toContain('all');
    expect(one.namespace.tidemark.ageMs()).toBeUndefined();
    await prove(one);
  });

  it('takes the watch of a new generation from the same answer (R1)', async () => {
    const one = await start();
    await rounds.open(2, null, { watchHash: 'watch-2' });
    await until(() => one.at(2, 0) && one.namespace.watchHash === 'watch-2');
    expect(one.lease.problem).toBeNull();
  });

  it('holds no lease on an old watch when that of the new generation cannot be read (R1)', async () => {
    const one = await start();
    expect(one.lease.problem).toBeNull();
    await rounds.open(2, null, { watchHash: 'watch-2', watch: 'overwritten' });
    await until(() => one.at(2, 0));
    expect(one.lease.problem).toBe('the watch is not known yet');
  });

  it.each([
    ['where it stands', 0],
    ['further on', 2],
  ])(
    'starts anew when its generation has another watch, %s: database and Redis were both made anew (R2)',
    async (_where, more) => {
      await rounds.run('a');
      const one = await start();
      await prove(one);
      await rounds.redis.del(rounds.keys.head, rounds.keys.log);
      await one.redis.subscriber.unsubscribe(rounds.keys.records);
      await rounds.open(1, null, { watchHash: 'watch-2' });
      await rounds.run('b');
      for (let ahead = 0; ahead < more; ahead += 1) await rounds.run('c');
      await one.readHead();
      await until(() => one.namespace.watchHash === 'watch-2');
      expect(one.overtaken).toEqual(['all']);
      expect(one.at(1, 1 + more)).toBe(true);
      expect(one.namespace.tidemark.ageMs()).toBeUndefined();
    },
  );

  it('that is closed reads no more, hears no more, and leaves no timer', async () => {
    const one = await start();
    one.close();
    expect([one.namespace.position, one.clock.pending]).toEqual([null, 0]);
    await rounds.run('a');
    expect(one.overtaken).toEqual([]);
  });
});

describe('a listener whose server became a replica under a live connection', () => {
  it('follows the records, and gets no tidemark: what a replica says may be late (R1)', async () => {
    const [old, next] = await Promise.all([startRedis(own), startRedis(own)]);
    const before = new Rounds(old.url);
    const after = new Rounds(next.url, before.keyPrefix);
    try {
      await before.open(1);
      const one = await new Listening(old.url, before).following();
      await prove(one, before);
      await after.redis.replicaof(old.host, old.port);
      await until(async () => (await after.redis.get(before.keys.head)) === formatHead(before.head));
      await after.redis.replicaof('NO', 'ONE');
      await before.redis.replicaof(next.host, next.port);
      await until(async () => String(await before.redis.role()).startsWith('slave'));
      await until(async () => (await before.redis.info('replication')).includes('master_link_status:up'));
      await one.readHead();
      const { at } = one.namespace.tidemark;

      after.head = before.head;
      for (let round = 1; round <= 5; round += 1) {
        await after.run(`k${round}`);
        await until(() => one.at(1, round));
        await one.readHead();
      }
      expect(one.namespace.tidemark.at).toBe(at);
    } finally {
      for (const one of listening.splice(0)) one.close();
      before.close();
      after.close();
      await Promise.all([old.close(), next.close()]);
    }
  });
});

interface Client {
  readonly id: string;
}

async function clientsOf({ redis }: Listening): Promise<Client[]> {
  const own = await redis.commands.client('ID');
  const list = String(await rounds.redis.client('LIST'));
  const lines = list.split('\n').filter((line) => line.includes(' name=tidemark-listener '));
  const ids = lines.flatMap((line) => /^id=(\d+) /.exec(line)?.[1] ?? []);
  return [String(own), ...ids].map((id) => ({ id }));
}
