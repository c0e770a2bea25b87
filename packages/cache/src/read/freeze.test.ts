import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deepFreeze } from './freeze.ts';

function plainObjectsOf(value: unknown, seen: Set<object> = new Set()): Set<object> {
  if (typeof value !== 'object' || value === null || seen.has(value)) return seen;
  seen.add(value);
  for (const child of Object.values(value)) plainObjectsOf(child, seen);
  return seen;
}

describe('freezing', () => {
  it('reaches every object and array of a value, and changes none of it', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = JSON.stringify(value);
        expect(deepFreeze(value)).toBe(value);
        expect(JSON.stringify(value)).toBe(before);
        for (const one of plainObjectsOf(value)) expect(Object.isFrozen(one)).toBe(true);
      }),
    );
  });

  it('reaches what lies under a shell that was frozen already', () => {
    const inner = { b: 1 };
    deepFreeze(Object.freeze({ inner, list: Object.freeze([{ c: 2 }]) }));
    expect(Object.isFrozen(inner)).toBe(true);
  });

  it('reaches objects without a prototype', () => {
    const inner = { b: 1 };
    const value: unknown = Object.assign(Object.create(null), { inner });
    deepFreeze(value);
    expect(Object.isFrozen(value) && Object.isFrozen(inner)).toBe(true);
  });

  it('leaves alone what has a class of its own', () => {
    class Account {
      balance = 1;
    }
    const value = { at: new Date(0), map: new Map(), bytes: new Uint8Array(1), account: new Account() };
    deepFreeze(value);
    value.map.set('a', 1);
    value.account.balance = 2;
    expect(Object.isFrozen(value)).toBe(true);
    expect([value.map.size, value.account.balance]).toEqual([1, 2]);
  });

  it('ends on a circle, and on one thing that is held twice', () => {
    const shared = { a: 1 };
    const circle: Record<string, unknown> = { shared, again: shared };
    circle['self'] = circle;
    deepFreeze(circle);
    expect(Object.isFrozen(circle) && Object.isFrozen(shared)).toBe(true);
  });

  it('does not end the process on a value that is deeper than the stack (R4)', () => {
    let value: unknown[] = [];
    for (let depth = 0; depth < 200_000; depth += 1) value = [value];
    expect(Object.isFrozen(deepFreeze(value))).toBe(true);
  });

  it.each([null, undefined, 1, 'text', true, 1n])('passes %s through', (value) => {
    expect(deepFreeze(value)).toBe(value);
  });
});
