import { encodeKey, type Key } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { type Entry, L1 } from './l1.ts';

function entry(value: string | null): Entry<string> {
  return { value, asOf: { monotonicMs: 1, wallMs: 1 }, expiresAtMs: 100, refreshAtMs: Infinity };
}

function filled(...keys: string[]): L1<string> {
  const l1 = new L1<string>(10);
  for (const key of keys) l1.set(key, entry(key));
  return l1;
}

describe('L1', () => {
  it('gives back what was set, "known absent" too', () => {
    const l1 = filled('a');
    l1.set('absent', entry(null));
    expect(l1.find('a')).toMatchObject(entry('a'));
    expect(l1.find('absent')?.value).toBeNull();
    expect(l1.find('b')).toBeUndefined();
    expect(l1.size).toBe(2);
  });

  it('finds an entry by its key however it is spelt, and never by the text that another key is encoded to (R4)', () => {
    const l1 = new L1<string>(10);
    for (const key of ['plain', 'a:b', 42, ['a', 'b'], 'a%3Ab'] satisfies Key[]) {
      l1.set(encodeKey(key), entry(JSON.stringify(key)));
    }
    expect(l1.find('plain')?.value).toBe('"plain"');
    expect(l1.find(['plain'])?.value).toBe('"plain"');
    expect(l1.find(42)?.value).toBe('42');
    expect(l1.find('42')?.value).toBe('42');
    expect(l1.find(['a', 'b'])?.value).toBe('["a","b"]');
    expect(l1.find('a:b')?.value).toBe('"a:b"');
    expect(l1.find('a%3Ab')?.value).toBe('"a%3Ab"');
    expect(l1.find('a%253Ab')).toBeUndefined();
  });

  it('does not serve an overtaken entry, and leaves the others (R2)', () => {
    const l1 = filled('a', 'b');
    l1.overtake('a');
    expect(l1.find('a')).toBeUndefined();
    expect(l1.find('b')).toBeDefined();
  });

  it('serves a key again once it is set anew', () => {
    const l1 = filled('a');
    l1.overtake('a');
    l1.set('a', entry('newer'));
    expect(l1.find('a')?.value).toBe('newer');
  });

  it('serves nothing of before once everything was overtaken, and what came after (R2)', () => {
    const l1 = filled('a', 'b');
    l1.overtakeAll();
    l1.set('b', entry('newer'));
    expect(l1.find('a')).toBeUndefined();
    expect(l1.find('b')?.value).toBe('newer');
    l1.overtakeAll();
    expect(l1.find('b')).toBeUndefined();
  });

  it('still knows the last value of an overtaken key, for who prefers old to nothing', () => {
    const l1 = filled('a', 'b');
    l1.overtake('a');
    l1.overtakeAll();
    expect(l1.getLast('a')?.value).toBe('a');
    expect(l1.getLast('b')?.value).toBe('b');
    expect(l1.getLast('c')).toBeUndefined();
  });

  it('holds no more than its bound, and gives up what was used least recently', () => {
    const l1 = new L1<string>(2);
    l1.set('a', entry('a'));
    l1.set('b', entry('b'));
    l1.find('a');
    l1.set('c', entry('c'));
    expect([l1.find('a')?.value, l1.find('b'), l1.find('c')?.value]).toEqual(['a', undefined, 'c']);
    expect(l1.size).toBe(2);
  });

  it('does not keep an entry alive by overtaking it or asking for the last value', () => {
    const l1 = new L1<string>(2);
    l1.set('a', entry('a'));
    l1.set('b', entry('b'));
    l1.overtake('a');
    l1.getLast('a');
    l1.set('c', entry('c'));
    expect(l1.getLast('a')).toBeUndefined();
    expect(l1.getLast('b')).toBeDefined();
  });

  it('overtakes what it does not hold without making room for it', () => {
    const l1 = filled('a');
    l1.overtake('b');
    expect(l1.size).toBe(1);
  });
});
