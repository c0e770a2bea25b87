import { FakeClock } from '@tidemark/devstack/fakes';
import { type Logger, silentLogger, type WatchDocument } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { Clocks } from '../clocks.ts';
import { Lease } from './lease.ts';
import { type Coherent, Namespace } from './namespace.ts';

class Scene {
  readonly clocks = new Clocks(new FakeClock());
  readonly log: string[] = [];
  readonly namespace: Namespace;
  readonly overtaken: string[] = [];

  constructor() {
    const note = (_fields: object, message: string): void => void this.log.push(message);
    const logger: Logger = { ...silentLogger, info: note, warn: note };
    this.namespace = new Namespace('main', this.clocks, logger);
  }

  add(name: string, tables: readonly string[], boundMs = 2_000): Coherent {
    const region: Coherent = {
      name,
      prefix: `copilot:${name}`,
      tables,
      lease: new Lease(boundMs, this.namespace.tidemark, true),
      overtake: (keys, cause) => void this.overtaken.push(`${name} ${keys?.join(' ') ?? 'all'}: ${cause}`),
    };
    this.namespace.add(region);
    return region;
  }
}

function watch(problem: string | null = null, prefixes = ['copilot:a', 'copilot:b']): WatchDocument {
  return {
    hash: 'watch-1',
    roundEveryMs: 100,
    tables: new Map([['public.item', { namespace: 'main', prefixes, problem }]]),
  };
}

describe('a record', () => {
  it('reaches every region that reads its table, and no other (R2)', () => {
    const scene = new Scene();
    scene.add('a', ['public.item']);
    scene.add('b', ['public.other', 'public.item']);
    scene.add('c', ['public.third']);
    scene.add('d', []);
    scene.namespace.apply(
      new Map<string, string[] | null>([
        ['public.item', ['k1', 'k2']],
        ['public.other', null],
        ['public.unknown', null],
      ]),
    );
    expect(scene.overtaken).toEqual(['a k1 k2: record', 'b k1 k2: record', 'b all: record']);
  });
});

describe('a hint', () => {
  it('reaches the region of its prefix only, and moves neither tidemark nor position (R1)', () => {
    const scene = new Scene();
    scene.add('a', ['public.item']);
    scene.add('b', ['public.item']);
    const { at } = scene.namespace.tidemark;
    scene.namespace.heed('copilot:b', ['k']);
    scene.namespace.heed('copilot:b', null);
    scene.namespace.heed('copilot:unknown', null);
    expect(scene.overtaken).toEqual(['b k: hint', 'b all: hint']);
    expect(scene.namespace.tidemark.at).toBe(at);
    expect(scene.namespace.position).toBeNull();
  });
});

describe('a reset', () => {
  it('drops every region and the tidemark (R1, R2)', () => {
    const scene = new Scene();
    scene.add('a', ['public.item']);
    scene.add('d', []);
    scene.namespace.tidemark.advance(scene.clocks.instant());
    scene.namespace.reset();
    expect(scene.overtaken).toEqual(['a all: reset', 'd all: reset']);
    expect(scene.namespace.tidemark.ageMs()).toBeUndefined();
  });
});

describe('the watch of a namespace', () => {
  it('judges every region, the one that comes later too', () => {
    const scene = new Scene();
    const early = scene.add('a', ['public.item']);
    scene.namespace.follow(watch());
    const late = scene.add('b', ['public.item']);
    expect([early.lease.problem, late.lease.problem]).toEqual([null, null]);
    expect(scene.namespace.watchHash).toBe('watch-1');
  });

  it('that becomes unknown takes every lease (R1)', () => {
    const scene = new Scene();
    const region = scene.add('a', ['public.item']);
    scene.namespace.follow(watch());
    scene.namespace.follow(null);
    expect(region.lease.problem).toBe('the watch is not known yet');
    expect(scene.namespace.watchHash).toBeNull();
  });

  it('is told once per change of what it means for a region', () => {
    const scene = new Scene();
    scene.add('a', ['public.item']);
    scene.namespace.follow(watch());
    scene.namespace.follow(watch());
    scene.namespace.follow(watch('trigger disabled'));
    scene.namespace.follow(watch('trigger disabled'));
    scene.namespace.follow(null);
    expect(scene.log).toEqual(['region is covered by the rounds', 'region gets no lease']);
  });
});

describe('the shortest bound', () => {
  it('is that of the regions that hope for a lease: without a table there is none', () => {
    const scene = new Scene();
    expect(scene.namespace.shortestBoundMs).toBeUndefined();
    scene.add('d', [], 100);
    expect(scene.namespace.shortestBoundMs).toBeUndefined();
    scene.add('a', ['public.item'], 2_000);
    scene.add('b', ['public.item'], 1_000);
    expect(scene.namespace.shortestBoundMs).toBe(1_000);
  });
});
