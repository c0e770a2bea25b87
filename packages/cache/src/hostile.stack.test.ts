// Hostile data in L2, on the bus and in the keys of the namespace: never a crash, never a wrong value, always counted,
// and all heals by itself (R1, R4, R6).
import { type Stack, startStack, until } from '@tidemark/devstack';
import { formatHead, formatPosition, namespaceKeys, parseHead, type Position } from '@tidemark/protocol';
import * as fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { type Instance, Instances } from './testing/instances.ts';
import { itemTable, type Versioned } from './testing/load.ts';

const rows = 40;
/** Far above what a loaded machine takes: a read that gave L2 up would find nothing hostile in it. */
const bound = '3s';
const patient = { redisTimeout: '3s' } as const;
const keys = namespaceKeys('copilot', 'main');
const versioned = z.strictObject({ version: z.number() });

let stack: Stack;
let instances: Instances;
let redis: Redis;
let a: Instance<Versioned>;
let version = 0;

beforeAll(async () => {
  stack = await startStack({ realtime: false });
  instances = await Instances.on(stack, rows);
  redis = new Redis(stack.redis.url);
});

beforeEach(async () => {
  await redis.flushall();
  instances.startEngine();
  a = instances.start(patient, { maxStaleness: bound });
  await a.cache.ready();
});

afterEach(async () => {
  await instances.closeStarted();
});

afterAll(async () => {
  redis.disconnect();
  await instances.close();
  await stack.close();
});

async function head(): Promise<NonNullable<ReturnType<typeof parseHead>>> {
  const parsed = parseHead((await redis.get(keys.head)) ?? '');
  if (parsed === undefined) throw new Error('there is no head');
  return parsed;
}

/** A value as the format has it. */
function valueOf(owner: string, notedAt: Position, payload: string): string {
  return `1 ${formatPosition(notedAt)} ${owner.length} ${owner}${payload}`;
}

/** What an instance of now would have stored. */
async function honest(key: string, payload: string): Promise<string> {
  return valueOf(`copilot:item ${key}`, (await head()).position, payload);
}

function refusedIn({ cache }: Instance<unknown>): number {
  const { heads, records, hints } = cache.status().namespaces[0]?.refused ?? {
    heads: 0,
    records: 0,
    hints: 0,
  };
  return heads + records + hints;
}

describe('a value in L2 (#44)', () => {
  it('is served when it is an honest one: what follows is refused for its fault alone', async () => {
    await redis.set('copilot:item:k1', await honest('k1', '[{"version":7}]'));
    expect(await a.region.get('k1')).toEqual({ version: 7 });
    expect(a.region.status()).toMatchObject({ l2Hits: 1, l2Refused: 0, loads: 0 });
  });

  const own = '[{"version":7}]';
  const hostile: Record<string, () => Promise<string | Buffer>> = {
    'that is empty': async () => '',
    'of random bytes': async () => Buffer.from([0, 255, 128, 10, 0xc3, 0x28, 32, 49]),
    'of a newer format': async () => (await honest('k1', own)).replace(/^1/, '2'),
    'of an older format': async () => (await honest('k1', own)).replace(/^1/, '0'),
    'without its header': async () => '{"version":7}',
    'of another tenant': () => honest('k2', own),
    'of another region under the same Redis key': async () =>
      valueOf('copilot item:k1', (await head()).position, own),
    'noted after the head': async () => {
      const { position } = await head();
      const notedAt = { ...position, sequence: position.sequence + 1 };
      return valueOf('copilot:item k1', notedAt, own);
    },
    'noted beyond 2^53': async () =>
      (await honest('k1', own)).replace(/^1 \S+/, '1 9007199254740993-9007199254740993'),
    'whose payload is no JSON': () => honest('k1', 'version: 7'),
    'whose payload was cut': () => honest('k1', '[7'),
    'whose payload is a number outside of brackets, which may have lost digits': () => honest('k1', '7'),
    'that is "known absent" outside of brackets': () => honest('k1', 'null'),
    'of two payloads': () => honest('k1', '[{"version":7},{"version":8}]'),
    'of no payload': () => honest('k1', '[]'),
    'that names __proto__': () => honest('k1', '[{"version":7,"__proto__":{"isAdmin":true}}]'),
    'that names __proto__ with an escape': () =>
      honest('k1', '[{"version":7,"\\u005f_proto__":{"isAdmin":true}}]'),
    'of two megabytes': () => honest('k1', `["${'x'.repeat(2 ** 21)}"]`),
  };

  it.each(Object.entries(hostile))('%s is loaded instead, and counted (R4)', async (_name, make) => {
    await redis.set('copilot:item:k1', await make());
    await instances.setVersion('k1', (version += 1));
    const b = instances.start(patient, { maxStaleness: bound });
    await b.cache.ready();
    // The change above removed the value; put there again, it is all that the cold instance finds.
    await until(async () => (await redis.exists('copilot:item:k1')) === 0);
    await redis.set('copilot:item:k1', await make());

    expect(await b.region.get('k1')).toEqual({ version });
    expect(b.region.status()).toMatchObject({ l2Hits: 0, l2Refused: 1, loads: 1 });
    expect(Object.keys({})).not.toContain('isAdmin');
    expect('isAdmin' in {}).toBe(false);
  });

  it('nested beyond the stack, in a shape that a schema-less region takes, does not end the process', async () => {
    const deep = `[{"version":7,"more":${'['.repeat(200_000)}${']'.repeat(200_000)}}]`;
    await redis.set('copilot:item:k1', await honest('k1', deep));
    expect(await a.region.get('k1')).toMatchObject({ version: 7 });
  });

  it('that the schema throws at is loaded instead, and counted (R4)', async () => {
    const schema = z.custom<Versioned>(() => {
      throw new Error('the schema has no answer');
    });
    const b = instances.start(patient, { maxStaleness: bound, schema });
    await b.cache.ready();
    await redis.set('copilot:item:k1', await honest('k1', own));
    await instances.setVersion('k1', (version += 1));
    await until(async () => (await redis.exists('copilot:item:k1')) === 0);
    await redis.set('copilot:item:k1', await honest('k1', own));

    expect(await b.region.get('k1')).toEqual({ version });
    expect(b.region.status().l2Refused).toBe(1);
  });

  it('of another type of key is a miss, and the next fill replaces it', async () => {
    await redis.lpush('copilot:item:k1', 'x');
    expect(await a.region.get('k1')).toMatchObject({ version: expect.any(Number) });
    await until(async () => (await redis.type('copilot:item:k1')) === 'string');
  });

  it('with anything changed in it never fails a read, and what is served has the shape (R4, fuzzed)', async () => {
    const b = instances.start(patient, { maxStaleness: bound, schema: versioned, maxEntries: 1 });
    await b.cache.ready();
    const edit = fc.record({ at: fc.nat(), length: fc.nat({ max: 4 }), put: fc.string({ maxLength: 6 }) });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: rows - 1 }), fc.array(edit, { maxLength: 4 }), async (row, edits) => {
        const key = `k${row}`;
        let text = await honest(key, own);
        for (const { at, length, put } of edits) {
          const index = at % (text.length + 1);
          text = text.slice(0, index) + put + text.slice(index + length);
        }
        await redis.set(`copilot:item:${key}`, text);
        expect(versioned.safeParse(await b.region.get(key)).success).toBe(true);
      }),
      { numRuns: 400 },
    );
    const { l2Hits, l2Refused } = b.region.status();
    expect(l2Hits).toBeGreaterThan(0);
    expect(l2Refused).toBeGreaterThan(0);
  });
});

describe('a loaded value that can not be shared', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  it.each<[string, unknown]>([
    ['with a BigInt', { amount: 1n }],
    ['with a circle', circle],
    ['beyond a megabyte', { text: 'x'.repeat(2 ** 20) }],
  ])('%s is served and not stored (R4)', async (_name, value) => {
    const { cache, region } = instances.startWith<unknown>(
      {},
      { maxStaleness: bound, load: async () => value },
    );
    await cache.ready();
    expect(await region.get('k1')).toBe(value);
    expect(await region.getMany(['k2', 'k3'])).toEqual([value, value]);
    expect(region.status()).toMatchObject({ l2Unshared: 3 });
    expect(await redis.exists('copilot:item:k1')).toBe(0);
  });
});

describe('a key', () => {
  const odd = [
    '',
    ' ',
    'a b\tc',
    ':',
    'a:b',
    'a%3Ab',
    '%',
    '__proto__',
    'constructor',
    'toString',
    'ключ-鍵-🔑',
    'line\nbreak\r\n$5\r\nhello',
    '\u0000',
    '{tag}',
    '*',
    'x'.repeat(10_000),
    '\ud800',
    '\udfff',
    '\ufffd',
  ];

  it('of any kind gets its own value, from the source and from L2 (R4)', async () => {
    const load = async (key: string): Promise<{ key: string }> => ({ key });
    const [first, second] = ['first', 'second'].map(() =>
      instances.startWith<{ key: string }>(patient, { name: 'odd', maxStaleness: bound, load }),
    ) as [Instance<{ key: string }>, Instance<{ key: string }>];
    await Promise.all([first.cache.ready(), second.cache.ready()]);

    for (const key of odd) expect(await first.region.get(key)).toEqual({ key });
    const shared = odd.filter((key) => key.isWellFormed());
    await until(async () => (await redis.keys('copilot:odd:*')).length === shared.length);
    expect(await second.region.getMany(odd)).toEqual(odd.map((key) => ({ key })));
    expect(second.region.status()).toMatchObject({ l2Hits: shared.length, l2Refused: 0 });
  });

  it('of one region that reads like one of another never gets its value (R4)', async () => {
    const { cache } = a;
    const by = (name: string) => async (): Promise<string> => name;
    const options = { table: itemTable, ttl: '5m', maxStaleness: bound } as const;
    const outer = cache.region<string, readonly string[]>({ ...options, name: 'odd', load: by('outer') });
    const inner = cache.region<string>({ ...options, name: 'odd:in', load: by('inner') });
    await cache.ready();

    expect(await outer.get(['in', 'k'])).toBe('outer');
    await until(async () => (await redis.exists('copilot:odd:in:k')) === 1);
    expect(await inner.get('k')).toBe('inner');
    expect(inner.status().l2Refused).toBe(1);
  });

  it('can not reach the head: no region is called tidemark', () => {
    const open = (name: string) => () => a.cache.region({ name, ttl: '5m', load: async () => null });
    expect(open('tidemark')).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    expect(open('tidemark:main')).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
  });
});

describe('a message from a stranger', () => {
  const messages = [
    '',
    'x',
    'null',
    '[]',
    '{}',
    '["1-1"]',
    '["1-1",null]',
    '["1-1","x",{}]',
    '["99999999999999999-1",null,{}]',
    '["9007199254740993-1",null,{}]',
    '["9007199254740990-1","9007199254740990-0",{"public.item":null}]',
    '["1-1",null,{"__proto__":{"x":1}}]',
    '["1-1",null,[["public.item"]]]',
    '{"kind":"changed","sender":"x","prefix":"__proto__","keys":null}',
    '{"kind":"changed","sender":"x","prefix":"copilot:item","keys":[{}]}',
    '{"kind":"prefix","table":"public.item","prefix":7}',
    '['.repeat(100_000),
    'x'.repeat(2_000_000),
  ];

  it('changes no answer, and what can not be read is counted (R4)', async () => {
    await a.region.get('k3');
    for (const channel of [keys.records, keys.hints]) {
      for (const message of messages) await redis.publish(channel, message);
    }
    await until(() => refusedIn(a) >= messages.length);
    await instances.untilCoherent('k3', (version += 1), [a.region]);
    expect(a.cache.status().namespaces[0]?.refused).toMatchObject({
      records: expect.any(Number),
      hints: expect.any(Number),
    });
  });

  it('of any text ends nothing (fuzzed)', async () => {
    const real = '["7-1","7-0",{"public.item":["k1"]}]';
    const edited = fc
      .tuple(fc.nat(), fc.nat({ max: 3 }), fc.string({ maxLength: 5 }))
      .map(([at, length, put]) => {
        const index = at % real.length;
        return real.slice(0, index) + put + real.slice(index + length);
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(edited, fc.json(), fc.string()), async (message) => {
        await redis.publish(keys.records, message);
        await redis.publish(keys.hints, message);
        expect(await a.region.get('k4')).not.toBeNull();
      }),
      { numRuns: 400 },
    );
    expect(refusedIn(a)).toBeGreaterThan(0);
    await instances.untilCoherent('k4', (version += 1), [a.region]);
  });
});

const future = (generation: number | string): string => `${generation} 0 0 1 1 hash {}`;

/** What a stranger may do to the keys of the namespace; each is done while everything works. */
const hostilities: Record<string, () => Promise<unknown>> = {
  'the head is a list': () => redis.multi().del(keys.head).lpush(keys.head, 'x').exec(),
  'the head is a hash and so is the log': () =>
    redis.multi().del(keys.head, keys.log).hset(keys.head, 'a', 'b').hset(keys.log, 'a', 'b').exec(),
  'the head is random text': () => redis.set(keys.head, 'PONG \u0000\ud83d'),
  'the head is of a far future generation': () => redis.set(keys.head, future(4_000_000_000_000)),
  'the head stands at the end of all numbers': () => redis.set(keys.head, future(9_007_199_254_740_991)),
  'the head is beyond 2^53': () => redis.set(keys.head, future('9999999999999999')),
  'the head has a floor above itself': async () => {
    const real = await head();
    const tableFloors = new Map([[itemTable, { generation: 8_000_000, sequence: 0 }]]);
    return redis.set(keys.head, formatHead({ ...real, floor: 8_000_000, tableFloors }));
  },
  'the head is gone': () => redis.del(keys.head),
  'the log is a string': () => redis.multi().del(keys.log).set(keys.log, 'x').exec(),
  'the log has an entry without fields of ours': () => redis.xadd(keys.log, '*', 'foo', 'bar'),
  'the log has an entry after the last possible one': () =>
    redis.xadd(keys.log, '18446744073709551615-18446744073709551615', 'p', '', 'c', '{}'),
  'the log has an entry that is no record': async () => {
    const { position } = await head();
    return redis.xadd(keys.log, `${position.generation}-${position.sequence + 1}`, 'p', 'x', 'c', '[');
  },
  'the cursor is garbage': () => redis.set(keys.cursor, '{"snapshot":"x"'),
  'the cursor names no snapshot': () =>
    redis.set(keys.cursor, '{"snapshot":"garbage","server":"s","watchHash":"w"}'),
  'the cursor is a set': () => redis.multi().del(keys.cursor).sadd(keys.cursor, 'x').exec(),
  'the watch is garbage': () => redis.set(keys.watch, '{"hash":7,"tables":[]}'),
  'the watch is a list': () => redis.multi().del(keys.watch).lpush(keys.watch, 'x').exec(),
  'the watch is gone': () => redis.del(keys.watch),
  'everything is gone': () => redis.flushall(),
};

describe.each(Object.entries(hostilities))('when %s', (_name, harm) => {
  it('no read fails, and the working engine and all instances, old and new, come back (R4, R6)', async () => {
    await a.region.get('k5');
    await harm();
    expect(await a.region.getMany(['k5', 'k6'])).not.toContain(null);

    const b = instances.start(patient, { maxStaleness: bound });
    await instances.untilCoherent('k5', (version += 1), [a.region, b.region]);
    await Promise.all([a.cache.ready(), b.cache.ready()]);
    await untilSharing('k5', b);
  });

  it('a new engine takes over, and all instances come back (R4, R6)', async () => {
    await instances.closeStarted();
    await harm();
    instances.startEngine();
    const [b, c] = [0, 1].map(() => instances.start(patient, { maxStaleness: bound })) as [
      typeof a,
      typeof a,
    ];
    await Promise.all([b.cache.ready(), c.cache.ready()]);
    await instances.untilCoherent('k5', (version += 1), [b.region, c.region]);
    await untilSharing('k5', c);
  });
});

/** Until L2 works again for who has nothing in L1. */
async function untilSharing(key: string, { region }: Instance<Versioned>): Promise<void> {
  const before = region.status().l2Hits;
  await until(async () => {
    const other = instances.start(patient, { maxStaleness: bound });
    await other.cache.ready();
    await other.region.get(key);
    const { l2Hits } = other.region.status();
    await other.cache.close();
    return l2Hits + before > before;
  });
}
