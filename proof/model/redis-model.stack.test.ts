// The model of Redis is faithful: the same random calls of the five real scripts, on a real Redis and on the model, give
// the same answers and leave the same strings and the same log behind.
import { type RedisServer, startRedis } from '@tidemark/devstack';
import { begin, fill, namespaceKeys, publish, since, takeover } from '@tidemark/protocol';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dice } from './dice.ts';
import { ModelConnection } from './model-connection.ts';
import { ProcessClock } from './process-clock.ts';
import { RedisModel } from './redis-model.ts';
import { learnScripts } from './redis-scripts.ts';

const keys = namespaceKeys('m', 'main');
const valueKeys = ['m:a:x', 'm:a:y'];
let server: RedisServer;
let real: Redis;

beforeAll(async () => {
  server = await startRedis();
  real = new Redis(server.url);
});

afterAll(async () => {
  real.disconnect();
  await server[Symbol.asyncDispose]();
});

function randomHead(dice: Dice): string {
  return `${1 + dice.below(3)} ${dice.below(5)} 0 ${dice.below(3)} 0 w${dice.below(2)} {}`;
}

/** One random call, to be run twice. */
function randomCall(dice: Dice, head: string | null): (redis: Redis) => Promise<unknown> {
  const expected = head !== null && dice.isBelow(0.8) ? head : randomHead(dice);
  const next = randomHead(dice);
  const position = { generation: 1 + dice.below(3), sequence: dice.below(6) };
  const before = { generation: 1 + dice.below(3), sequence: dice.below(6) };
  const previous = dice.isBelow(0.7) ? before : null;
  const changes = new Map([['t.a', dice.isBelow(0.2) ? null : [dice.pick(['x', 'y', '"x"'])]]]);
  const cursor = `cursor ${dice.below(9)}`;
  const valueKey = dice.pick(valueKeys);
  const which = dice.below(6);
  if (which === 0) return (redis) => begin(redis, { headKey: keys.head, expected, next });
  if (which === 1) {
    const record = dice.isBelow(0.7) ? { position, previous, changes } : null;
    const watch = dice.isBelow(0.3) ? { watch: `watch ${dice.below(3)}` } : {};
    const call = { keys, expectedHead: expected, nextHead: next, cursor, record, ...watch };
    // An id that the log refuses is an error, and nothing was done.
    return (redis) => publish(redis, { ...call, valueKeys: [valueKey] }).catch(() => 'error');
  }
  if (which === 2) {
    const expectedHead = dice.isBelow(0.2) ? null : expected;
    const link = { position, previous, changes: new Map() };
    const call = { keys, expectedHead, nextHead: next, cursor, watch: 'watch', link };
    return (redis) => takeover(redis, call);
  }
  if (which === 3) {
    return (redis) =>
      since(redis, { keys, position: previous, knownWatchHash: dice.isBelow(0.5) ? 'w0' : null });
  }
  const value = { notedAt: position, payload: `[${dice.below(9)}]` };
  const call = { keys, valueKey, encodedKey: 'x', tables: ['t.a'], value, ttlMs: 60_000 };
  return (redis) => fill(redis, call);
}

async function inModel(
  connection: ModelConnection,
  call: (redis: Redis) => Promise<unknown>,
): Promise<unknown> {
  const answer = call(connection as unknown as Redis);
  while (connection.unserved.length > 0) {
    connection.serve();
    connection.answer();
  }
  return answer;
}

test('random calls of the five scripts do the same in the model and on a real Redis', async () => {
  const scripts = await learnScripts();
  for (let seed = 1; seed <= 60; seed += 1) {
    await real.flushall();
    const model = new RedisModel();
    const clock = new ProcessClock({ nowMs: 0 });
    const host = { clock, scripts, weakness: undefined, onServed() {}, onLate() {} };
    const connection = new ModelConnection(host, {});
    connection.connect(model);
    const dice = new Dice(seed);
    for (let step = 0; step < 60; step += 1) {
      const state = new Dice(seed * 1_000 + step);
      const again = new Dice(seed * 1_000 + step);
      const head = model.get(keys.head);
      if (dice.isBelow(0.05)) {
        await real.xtrim(keys.log, 'MAXLEN', 1);
        model.trim(keys.log, 1);
      }
      const modelled = await inModel(connection, randomCall(state, head));
      const answered = await randomCall(again, head)(real);
      expect(modelled, `seed ${seed}, step ${step}`).toEqual(answered);
    }
    for (const key of [keys.head, keys.cursor, keys.watch, ...valueKeys]) {
      expect(model.get(key), `${key} of seed ${seed}`).toBe(await real.get(key));
    }
    const log = await real.xrange(keys.log, '-', '+');
    const entries = model.streams.get(keys.log)?.entries ?? [];
    expect(entries.map(({ id, fields }) => [id, fields])).toEqual(log);
  }
});
