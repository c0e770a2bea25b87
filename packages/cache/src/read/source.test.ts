import { FakeClock, settle } from '@tidemark/devstack/fakes';
import { describe, expect, it } from 'vitest';
import { type LoadContext, Source, type SourceOptions } from './source.ts';

interface Call {
  readonly key: string;
  readonly signal: AbortSignal;
  readonly answer: (value: string | null) => void;
  readonly fail: (error: Error) => void;
}

/** A source whose loader answers when the test says so. */
class Scene {
  readonly clock = new FakeClock();
  readonly calls: Call[] = [];
  readonly closing = new AbortController();
  readonly source: Source<string, string>;
  begun = 0;

  constructor(options: Partial<SourceOptions<string, string>> = {}) {
    this.source = new Source<string, string>({
      name: 'item',
      load: (key, context) => this.#load(key, context),
      loadMany: undefined,
      loadTimeoutMs: 1_000,
      maxConcurrentLoads: 2,
      clock: this.clock,
      random: () => 1,
      closing: this.closing.signal,
      ...options,
    });
  }

  #load(key: string, { signal }: LoadContext): Promise<string | null> {
    const { promise, resolve, reject } = Promise.withResolvers<string | null>();
    this.calls.push({ key, signal, answer: resolve, fail: reject });
    return promise;
  }

  load(key: string, abandoned: AbortSignal = new AbortController().signal): Promise<string | null> {
    const begun = (): void => void (this.begun += 1);
    const loaded = this.source.load(key, { encoded: key, begun, abandoned });
    loaded.catch(() => {});
    return loaded;
  }

  call(index: number): Call {
    const call = this.calls[index];
    if (call === undefined) throw new Error(`there was no call ${index}`);
    return call;
  }

  /** Fails the next try of the key. @returns how long the source paused before it */
  async failNext(key: string): Promise<number> {
    const { length } = this.calls;
    const startedMs = this.clock.monotonicMs();
    const loaded = this.load(key);
    while (this.calls.length === length) await this.clock.advance(1);
    const pausedMs = this.clock.monotonicMs() - startedMs;
    this.call(length).fail(new Error('source down'));
    await expect(loaded).rejects.toThrow('source down');
    return pausedMs;
  }

  async failTimes(key: string, times: number): Promise<void> {
    for (let failure = 0; failure < times; failure += 1) await this.failNext(key);
  }
}

describe('a load', () => {
  it('gives what the loader gives, frozen', async () => {
    const value = { a: { b: 1 } };
    const scene = new Scene();
    const source = new Source<string, typeof value>({
      name: 'item',
      load: async () => value,
      loadMany: undefined,
      loadTimeoutMs: 1_000,
      maxConcurrentLoads: 1,
      clock: scene.clock,
      random: () => 1,
      closing: scene.closing.signal,
    });
    const { signal } = new AbortController();
    expect(await source.load('k', { encoded: 'k', begun() {}, abandoned: signal })).toBe(value);
    expect(Object.isFrozen(value.a)).toBe(true);
  });

  it('takes "undefined" for "there is none"', async () => {
    const scene = new Scene({ load: async () => undefined as unknown as null });
    expect(await scene.load('k')).toBeNull();
  });

  it('notes its beginning right before the loader, not when it was asked for (R1)', async () => {
    const scene = new Scene({ maxConcurrentLoads: 1 });
    void scene.load('a');
    void scene.load('b');
    expect([scene.begun, scene.calls.length]).toEqual([1, 1]);
    scene.call(0).answer('v');
    await settle();
    expect([scene.begun, scene.calls.length]).toEqual([2, 2]);
  });

  it('leaves no timer once it is answered', async () => {
    const scene = new Scene();
    const loaded = scene.load('k');
    scene.call(0).answer('v');
    await loaded;
    expect(scene.clock.pending).toBe(0);
  });

  it('passes the error of the loader on, as it is (R4)', async () => {
    const scene = new Scene();
    const loaded = scene.load('k');
    const error = new Error('source down');
    scene.call(0).fail(error);
    await expect(loaded).rejects.toBe(error);
  });

  it('of a loader that throws at once is an error like any other', async () => {
    const scene = new Scene({
      load: () => {
        throw new Error('bad key');
      },
    });
    await expect(scene.load('k')).rejects.toThrow('bad key');
    expect(scene.clock.pending).toBe(0);
  });
});

describe('the deadline of a load', () => {
  it('aborts the loader and names region, rule and value', async () => {
    const scene = new Scene();
    const loaded = scene.load('k');
    await scene.clock.advance(999);
    expect(scene.call(0).signal.aborted).toBe(false);
    await scene.clock.advance(1);
    expect(scene.call(0).signal.aborted).toBe(true);
    await expect(loaded).rejects.toMatchObject({
      code: 'LOAD_TIMEOUT',
      message:
        'the loader of region "item" must answer within loadTimeout (1000 ms): look at the source, or raise loadTimeout',
    });
  });

  it('frees the place of a loader that passes over its signal', async () => {
    const scene = new Scene({ maxConcurrentLoads: 1 });
    void scene.load('stuck');
    const next = scene.load('k');
    await scene.clock.advance(1_000);
    scene.call(1).answer('v');
    expect(await next).toBe('v');
  });

  it('begins with the turn of the load, not with the wait for it', async () => {
    const scene = new Scene({ maxConcurrentLoads: 1 });
    void scene.load('slow');
    const next = scene.load('k');
    await scene.clock.advance(900);
    scene.call(0).answer('v');
    await scene.clock.advance(900);
    scene.call(1).answer('v');
    expect(await next).toBe('v');
  });
});

describe('the limit of concurrent loads', () => {
  it('lets so many run at once, and the others in the order in which they came', async () => {
    const scene = new Scene();
    const loaded = ['a', 'b', 'c', 'd'].map((key) => scene.load(key));
    expect(scene.calls.map(({ key }) => key)).toEqual(['a', 'b']);
    scene.call(1).answer('v');
    await settle();
    expect(scene.calls.map(({ key }) => key)).toEqual(['a', 'b', 'c']);
    scene.call(0).fail(new Error('source down'));
    await settle();
    expect(scene.calls.map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd']);
    scene.call(2).answer('v');
    scene.call(3).answer('v');
    expect((await Promise.allSettled(loaded)).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
      'fulfilled',
    ]);
  });

  it('is the same after any mixture of answers, errors and deadlines: no place is lost', async () => {
    const scene = new Scene();
    for (const end of ['answer', 'fail', 'deadline'] as const) {
      const first = scene.calls.length;
      void scene.load(`${end} 1`);
      void scene.load(`${end} 2`);
      expect(scene.calls.length).toBe(first + 2);
      if (end === 'deadline') await scene.clock.advance(1_000);
      for (const { answer, fail } of scene.calls.slice(first)) {
        if (end === 'answer') answer('v');
        if (end === 'fail') fail(new Error('source down'));
      }
      await settle();
    }
  });

  it('keeps nobody waiting for a turn longer than a loader may take, and gives the turn to the next (R4)', async () => {
    const scene = new Scene({ maxConcurrentLoads: 1 });
    void scene.load('slow');
    await scene.clock.advance(1);
    const waited = scene.load('waited');
    await scene.clock.advance(500);
    const next = scene.load('next');
    // The deadline of the first gives its turn to the second, whose own loader is slow, too.
    await scene.clock.advance(499);
    expect(scene.calls.map(({ key }) => key)).toEqual(['slow', 'waited']);
    await scene.clock.advance(1_000);
    await expect(next).rejects.toMatchObject({
      code: 'SOURCE_OVERLOADED',
      message: 'a load of region "item" waited 1000 ms behind 1 running ones: the source is too slow',
    });
    await expect(waited).rejects.toMatchObject({ code: 'LOAD_TIMEOUT' });
    void scene.load('after');
    expect(scene.calls.map(({ key }) => key)).toEqual(['slow', 'waited', 'after']);
  });

  it('refuses the load behind 10,000 waiting ones: more waiting would make it worse', async () => {
    const scene = new Scene({ maxConcurrentLoads: 1 });
    for (let index = 0; index <= 10_000; index += 1) void scene.load(`k${index}`);
    await expect(scene.load('one more')).rejects.toMatchObject({
      code: 'SOURCE_OVERLOADED',
      message: 'region "item" has 10000 loads waiting behind 1 running ones: the source is too slow',
    });
  });
});

describe('a key that failed', () => {
  it('is tried again after a pause that doubles, up to two seconds', async () => {
    const pausesMs: number[] = [];
    const scene = new Scene();
    for (let failures = 0; failures < 10; failures += 1) pausesMs.push(await scene.failNext('k'));
    expect(pausesMs).toEqual([0, 20, 40, 80, 160, 320, 640, 1_280, 2_000, 2_000]);
  });

  it('pauses between half and the whole of it, by chance, so that instances do not retry in step', async () => {
    const scene = new Scene({ random: () => 0 });
    await scene.failTimes('k', 3);
    void scene.load('k');
    await scene.clock.advance(39);
    expect(scene.calls.length).toBe(3);
    await scene.clock.advance(1);
    expect(scene.calls.length).toBe(4);
  });

  it('lets other keys go at once', async () => {
    const scene = new Scene();
    await scene.failTimes('k', 3);
    void scene.load('other');
    await settle();
    expect(scene.calls.at(-1)?.key).toBe('other');
  });

  it('is forgiven once it succeeded', async () => {
    const scene = new Scene();
    await scene.failTimes('k', 3);
    const loaded = scene.load('k');
    await scene.clock.advance(80);
    scene.call(3).answer('v');
    await loaded;
    void scene.load('k');
    await settle();
    expect(scene.calls.length).toBe(5);
  });

  it('is not blamed when it was the callers who left', async () => {
    const scene = new Scene();
    const leaving = new AbortController();
    const loaded = scene.load('k', leaving.signal);
    leaving.abort(new Error('left'));
    await expect(loaded).rejects.toThrow('left');
    void scene.load('k');
    await settle();
    expect(scene.calls.length).toBe(2);
  });
});

describe('an abandoned load', () => {
  it('aborts the signal of its loader, for the reason of the leaving', async () => {
    const scene = new Scene();
    const leaving = new AbortController();
    const loaded = scene.load('k', leaving.signal);
    const reason = new Error('left');
    leaving.abort(reason);
    await expect(loaded).rejects.toBe(reason);
    expect(scene.call(0).signal.reason).toBe(reason);
  });

  it('that still waits for its turn never bothers the loader, and gives its place on', async () => {
    const scene = new Scene({ maxConcurrentLoads: 1 });
    void scene.load('slow');
    const leaving = new AbortController();
    const left = scene.load('left', leaving.signal);
    const next = scene.load('next');
    leaving.abort(new Error('left'));
    scene.call(0).answer('v');
    await expect(left).rejects.toThrow('left');
    expect(scene.calls.map(({ key }) => key)).toEqual(['slow', 'next']);
    scene.call(1).answer('v');
    expect(await next).toBe('v');
  });

  it('that pauses after failures ends its pause at once, without a load and without a timer', async () => {
    const scene = new Scene();
    await scene.failTimes('k', 8);
    const leaving = new AbortController();
    const left = scene.load('k', leaving.signal);
    leaving.abort(new Error('left'));
    await expect(left).rejects.toThrow('left');
    expect([scene.calls.length, scene.clock.pending]).toEqual([8, 0]);
  });
});

describe('closing', () => {
  it('ends a running load, aborts its loader and says why', async () => {
    const scene = new Scene();
    const loaded = scene.load('k');
    scene.closing.abort();
    await expect(loaded).rejects.toMatchObject({
      code: 'CACHE_CLOSED',
      message: 'the cache was closed while region "item" was loading',
    });
    expect([scene.call(0).signal.aborted, scene.clock.pending]).toEqual([true, 0]);
  });

  it('ends the loads that wait for their turn, without calling the loader', async () => {
    const scene = new Scene({ maxConcurrentLoads: 1 });
    const loaded = [scene.load('a'), scene.load('b'), scene.load('c')];
    scene.closing.abort();
    const codes = (await Promise.allSettled(loaded)).map(
      (one) => one.status === 'rejected' && one.reason.code,
    );
    expect(codes).toEqual(['CACHE_CLOSED', 'CACHE_CLOSED', 'CACHE_CLOSED']);
    expect(scene.calls.length).toBe(1);
  });

  it('ends the pause of a key that failed', async () => {
    const scene = new Scene();
    await scene.failTimes('k', 8);
    const loaded = scene.load('k');
    scene.closing.abort();
    await expect(loaded).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
    expect([scene.calls.length, scene.clock.pending]).toEqual([8, 0]);
  });
});

describe('loading many', () => {
  const call = { begun(): void {}, abandoned: new AbortController().signal };

  it('without loadMany, or of one key, answers nothing: each is loaded alone', async () => {
    let asked = 0;
    const loadMany = async (keys: readonly string[]): Promise<Map<string, string>> => {
      asked += 1;
      return new Map(keys.map((key) => [key, key]));
    };
    expect(await new Scene().source.loadMany(['a', 'b'], call)).toEqual(new Map());
    const scene = new Scene({ loadMany });
    expect(await scene.source.loadMany(['a'], call)).toEqual(new Map());
    expect(asked).toBe(0);
    expect(await scene.source.loadMany(['a', 'b'], call)).toEqual(
      new Map(Object.entries({ a: 'a', b: 'b' })),
    );
    expect(scene.source.loads).toBe(1);
  });

  it('is one load under the same limit and the same deadline', async () => {
    const scene = new Scene({ loadMany: () => new Promise(() => {}), maxConcurrentLoads: 1 });
    void scene.load('slow');
    const many = scene.source.loadMany(['a', 'b'], call);
    many.catch(() => {});
    expect(scene.source.loads).toBe(1);
    scene.call(0).answer('v');
    await scene.clock.advance(1_000);
    await expect(many).rejects.toMatchObject({ code: 'LOAD_TIMEOUT' });
  });
});
