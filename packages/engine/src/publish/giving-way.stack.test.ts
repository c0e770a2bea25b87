// Of two publishers on a real Redis, the one that works gives way: it leaves, or it does not reach the journal any more.
import { type RedisServer, startRedis, until } from '@tidemark/devstack';
import { parseHint } from '@tidemark/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { RedisScene } from '../testing/redis-scene.ts';
import { patience } from './claim.ts';

let server: RedisServer;
let scene: RedisScene;

beforeAll(async () => {
  server = await startRedis();
});

beforeEach(() => {
  scene = new RedisScene(server);
});

afterEach(() => scene.close());

afterAll(() => server.close());

describe('of two publishers', () => {
  test('one leaves, and the other one takes over at the next look, linked to what was left (R6)', async () => {
    const one = await scene.working();
    const other = await scene.publisher();
    expect(await other.round()).toBe('standby');
    const { headText } = await scene.now();
    const words: string[] = [];
    const listener = scene.redis.duplicate();
    listener.on('message', (_channel, text: string) => words.push(text));
    await listener.subscribe(scene.keys.hints);
    await one.target.leave();
    await until(() => words.length > 0, { what: 'the word' });
    listener.disconnect();
    expect(words.map((text) => parseHint(text))).toEqual([{ kind: 'leaving', head: headText }]);
    expect(one.target.position).toBeNull();
    other.target.inherit(headText ?? '');
    expect(await other.round()).toMatchObject({ isPublished: true });
    const { head, log } = await scene.now();
    expect(head?.position).toEqual({ generation: 2, sequence: 0 });
    expect(log.at(-1)?.previous).toEqual({ generation: 1, sequence: 0 });
    await one.target.leave();
    expect(await other.round()).toMatchObject({ isPublished: true });
  });

  test('a wrong word of leaving takes nothing away from the one that works', async () => {
    const one = await scene.working();
    const other = await scene.publisher();
    const { headText } = await scene.now();
    await one.round();
    for (let word = 0; word < 2 * patience; word += 1) {
      other.target.inherit(headText ?? '');
      expect(await other.round()).toBe('standby');
    }
    expect(await one.round()).toMatchObject({ isPublished: true });
  });

  test('one only begins rounds, because it does not reach the journal: the other one takes over (R6)', async () => {
    const one = await scene.working();
    const other = await scene.publisher();
    for (let look = 0; look < patience; look += 1) {
      expect(await other.round(), `look ${look}`).toBe('standby');
      await one.target.begin();
    }
    expect(await other.round()).toMatchObject({ isPublished: true });
    expect(other.target.position).toEqual({ generation: 2, sequence: 0 });
    expect(await one.round()).toBe('standby');
  });

  test('one that gives way moves the head no more, and goes on when it reads the journal again and nobody else came (R6)', async () => {
    const one = await scene.working();
    await one.target.begin();
    one.target.abandon();
    const { headText } = await scene.now();
    for (let failure = 0; failure < 3; failure += 1) await one.target.begin();
    expect((await scene.now()).headText).toBe(headText);
    expect(await one.round()).toMatchObject({ isPublished: true });
    const { log } = await scene.now();
    expect(log.at(-1)).toMatchObject({
      position: { generation: 2, sequence: 0 },
      previous: { generation: 1, sequence: 0 },
    });
  });
});
