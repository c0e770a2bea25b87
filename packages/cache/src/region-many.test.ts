// Many keys at once: one loadMany for what is missing, and each key with a fate of its own.
import { settle } from '@tidemark/devstack/fakes';
import { describe, expect, it } from 'vitest';
import type { RegionOptions } from './options.ts';
import { boundMs, RegionScene } from './testing/region-scene.ts';

function start(options: Partial<RegionOptions<string>> = {}): RegionScene {
  const scene: RegionScene = new RegionScene({
    loadMany: (keys, context) => scene.loadMany(keys, context),
    ...options,
  });
  return scene.startLease();
}

function values(...keys: string[]): Map<string, string | null> {
  return new Map(keys.map((key) => [key, `value of ${key}`]));
}

describe('getMany', () => {
  it('loads what is missing with one call, and answers in the order of the keys (R5)', async () => {
    const scene = start();
    await scene.put('b', 'from L1');
    const reading = scene.region.getMany(['c', 'b', 'a']);
    await settle();
    expect(scene.loaded).toEqual([['b'], ['c', 'a']]);
    scene.call(1).answerMany(values('a', 'c'));
    expect(await reading).toEqual(['value of c', 'from L1', 'value of a']);
    expect(['a', 'b', 'c'].map((key) => scene.region.peek(key))).toEqual([
      'value of a',
      'from L1',
      'value of c',
    ]);
  });

  it('of nothing, and of what L1 has, asks nobody', async () => {
    const scene = start();
    await scene.put('a', 'v');
    expect(await scene.region.getMany([])).toEqual([]);
    expect(await scene.region.getMany(['a', 'a'])).toEqual(['v', 'v']);
    expect(scene.calls.length).toBe(1);
  });

  it('of the same key twice loads it once', async () => {
    const scene = start();
    const reading = scene.region.getMany(['a', 'b', 'a']);
    await settle();
    expect(scene.loaded).toEqual([['a', 'b']]);
    scene.call(0).answerMany(values('a', 'b'));
    expect(await reading).toEqual(['value of a', 'value of b', 'value of a']);
  });

  it('of one key uses load, as there is nothing to put together', async () => {
    const scene = start();
    const reading = scene.region.getMany(['a']);
    await settle();
    scene.call(0).answer('v');
    expect(await reading).toEqual(['v']);
  });

  it('without a loadMany loads each key by itself, at the same time', async () => {
    const scene = new RegionScene().startLease();
    const reading = scene.region.getMany(['a', 'b']);
    await settle();
    expect(scene.loaded).toEqual([['a'], ['b']]);
    scene.call(1).answer('b');
    scene.call(0).answer('a');
    expect(await reading).toEqual(['a', 'b']);
  });

  it('goes in chunks below the size at which the API cuts answers short', async () => {
    const scene = start({ loadManySize: 2 });
    const reading = scene.region.getMany(['a', 'b', 'c', 'd', 'e']);
    await settle();
    expect(scene.loaded).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
    scene.call(0).answerMany(values('a', 'b'));
    scene.call(1).answerMany(values('c', 'd'));
    scene.call(2).answer('value of e');
    expect(await reading).toEqual(['a', 'b', 'c', 'd', 'e'].map((key) => `value of ${key}`));
  });
});

describe('a key that loadMany', () => {
  it('maps to null is absent, and that is remembered', async () => {
    const scene = start();
    const reading = scene.region.getMany(['a', 'b']);
    await settle();
    scene.call(0).answerMany(new Map([['a', null], ...values('b')]));
    expect(await reading).toEqual([null, 'value of b']);
    expect(scene.region.peek('a')).toBeNull();
  });

  it('leaves out was not answered: it is loaded alone and never taken for absent (R1)', async () => {
    const scene = start();
    const reading = scene.region.getMany(['a', 'b', 'c']);
    await settle();
    scene.call(0).answerMany(values('b'));
    await settle();
    expect(scene.loaded).toEqual([['a', 'b', 'c'], ['a'], ['c']]);
    expect(scene.region.peek('a')).toBeUndefined();
    scene.call(1).answer('alone');
    scene.call(2).answer(null);
    expect(await reading).toEqual(['alone', 'value of b', null]);
  });

  it('with something among the keys that is none fails alone: readers of the others are answered (R4)', async () => {
    const scene = start();
    await expect(scene.region.getMany(['a', JSON.parse('null') as string])).rejects.toMatchObject({
      code: 'KEY_INVALID',
    });
    const reading = scene.region.get('a');
    await settle();
    scene.call(0).answer('v');
    expect(await reading).toBe('v');
    expect(scene.loaded).toEqual([['a']]);
  });

  it('fails with is loaded alone: one bad key does not fail the others (R4)', async () => {
    const scene = start();
    const bad = scene.region.getMany(['bad', 'good']);
    await settle();
    scene.call(0).fail(new Error('invalid input syntax'));
    await settle();
    expect(scene.loaded).toEqual([['bad', 'good'], ['bad'], ['good']]);
    scene.call(1).fail(new Error('invalid input syntax'));
    scene.call(2).answer('v');
    await expect(bad).rejects.toThrow('invalid input syntax');
    expect(scene.region.peek('good')).toBe('v');
  });

  it.each([
    ['nothing', undefined],
    ['a list, which has values, too', ['v', 'v']],
    ['an object', { a: 'v', b: 'v' }],
  ])('answers with %s instead of a map is loaded alone (R4)', async (_what, answer) => {
    const scene = start({ loadMany: async () => answer as unknown as Map<string, string> });
    const reading = scene.region.getMany(['a', 'b']);
    await settle();
    expect(scene.loaded).toEqual([['a'], ['b']]);
    for (const { answer } of scene.calls) answer('v');
    expect(await reading).toEqual(['v', 'v']);
  });
});

describe('while many keys are loaded', () => {
  it('a change of one detaches that one only (R2)', async () => {
    const scene = start();
    const reading = scene.region.getMany(['a', 'b']);
    await settle();
    scene.change('a');
    const later = scene.region.get('a');
    await settle();
    scene.call(1).answer('new');
    expect(await later).toBe('new');
    scene.call(0).answerMany(values('a', 'b'));
    expect(await reading).toEqual(['value of a', 'value of b']);
    expect([scene.region.peek('a'), scene.region.peek('b')]).toEqual(['new', 'value of b']);
  });

  it('a reader of one of them joins it (R5)', async () => {
    const scene = start();
    const reading = scene.region.getMany(['a', 'b']);
    const one = scene.region.get('b');
    const some = scene.region.getMany(['b', 'c']);
    await settle();
    expect(scene.loaded).toEqual([['a', 'b'], ['c']]);
    scene.call(0).answerMany(values('a', 'b'));
    scene.call(1).answer('value of c');
    expect(await one).toBe('value of b');
    expect([await reading, await some]).toEqual([
      ['value of a', 'value of b'],
      ['value of b', 'value of c'],
    ]);
  });

  it('entries count from the start of the call that loaded them (R1)', async () => {
    const scene: RegionScene = new RegionScene({
      table: [],
      loadMany: (keys, context) => scene.loadMany(keys, context),
    });
    const reading = scene.region.getMany(['a', 'b']);
    await scene.clock.advance(900);
    scene.call(0).answerMany(values('a', 'b'));
    await reading;
    await scene.clock.advance(boundMs - 901);
    expect(scene.region.peek('a')).toBe('value of a');
    await scene.clock.advance(1);
    expect(scene.region.peek('a')).toBeUndefined();
  });

  it('a caller who leaves ends its own wait only', async () => {
    const scene = start();
    const leaving = new AbortController();
    const gone = scene.region.getMany(['a', 'b'], { signal: leaving.signal });
    const staying = scene.region.get('a');
    await settle();
    leaving.abort(new Error('left'));
    await expect(gone).rejects.toThrow('left');
    scene.call(0).answerMany(values('a', 'b'));
    expect(await staying).toBe('value of a');
  });

  it('closing ends all of them with an error that says so, and calls no loader for the rest', async () => {
    const scene = start();
    const reading = scene.region.getMany(['a', 'b']);
    await settle();
    scene.closing.abort();
    await expect(reading).rejects.toMatchObject({ code: 'CACHE_CLOSED' });
    await settle();
    expect([scene.calls.length, scene.clock.pending]).toEqual([1, 0]);
  });
});
