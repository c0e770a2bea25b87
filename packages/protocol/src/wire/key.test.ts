import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { key, text } from '../testing/arbitraries.ts';
import {
  announcementKey,
  decodeKey,
  encodeKey,
  instancesKey,
  type Key,
  namespaceKeys,
  regionPrefix,
  spokenKey,
  storedKey,
  ticketKey,
  valueKey,
  valueOwner,
} from './key.ts';
import { keySlot } from './key-slot.ts';

function partsOf(one: Key): string[] {
  return [one].flat().map(String);
}

describe('the encoding of keys', () => {
  it('is undone by decoding, part by part', () => {
    fc.assert(
      fc.property(key, (one) => {
        expect(decodeKey(encodeKey(one))).toEqual(partsOf(one));
      }),
    );
  });

  it('gives two keys with different parts two different texts: no tenant reads the row of another (R4)', () => {
    fc.assert(
      fc.property(key, key, (a, b) => {
        fc.pre(JSON.stringify(partsOf(a)) !== JSON.stringify(partsOf(b)));
        expect(encodeKey(a)).not.toBe(encodeKey(b));
      }),
    );
  });

  it.each<[Key, Key]>([
    [['a:b'], ['a', 'b']],
    [
      ['a', 'b:c'],
      ['a:b', 'c'],
    ],
    ['a%3Ab', 'a:b'],
    ['%', '%25'],
    [
      ['', 'a'],
      ['a', ''],
    ],
    [['a'], ['a', '']],
  ])('keeps %j and %j apart', (a, b) => {
    expect(encodeKey(a)).not.toBe(encodeKey(b));
  });

  it('leaves an ordinary id as it is, and writes numbers in decimal', () => {
    expect(encodeKey('tenant-1')).toBe('tenant-1');
    expect(encodeKey(42)).toBe('42');
    expect(encodeKey(['tenant-1', 42])).toBe('tenant-1:42');
    expect(encodeKey('a:b%c')).toBe('a%3Ab%25c');
  });

  it('refuses an empty tuple', () => {
    expect(() => encodeKey([])).toThrow(
      expect.objectContaining({
        code: 'KEY_INVALID',
        message: 'a key must have at least one part, got an empty tuple',
      }),
    );
  });

  it.each(['null', 'true', '{}', '[null]', '["acme", {}]', '[["acme"]]'])(
    'refuses %s, which types refuse, too: what is undefined for one caller would be the key of all (R4)',
    (text) => {
      expect(() => encodeKey(JSON.parse(text) as Key)).toThrow(
        expect.objectContaining({ code: 'KEY_INVALID' }),
      );
    },
  );

  it('decodes any text without throwing', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(decodeKey(one).length).toBeGreaterThan(0);
      }),
    );
  });
});

describe('the names in Redis', () => {
  it('of a namespace are six and its tickets, all under its own prefix', () => {
    const keys = namespaceKeys('copilot', 'main');
    expect(keys.head).toBe('copilot:tidemark:main:head');
    expect(ticketKey(keys, 'x')).toBe('copilot:tidemark:main:ticket:x');
    const names = Object.values(keys);
    expect(new Set(names).size).toBe(7);
    expect(names.every((name) => name.startsWith('copilot:tidemark:main:'))).toBe(true);
  });

  it('of two namespaces never meet', () => {
    const a = Object.values(namespaceKeys('copilot', 'main'));
    const b = new Set(Object.values(namespaceKeys('copilot', 'conversations')));
    expect(a.some((name) => b.has(name))).toBe(false);
  });

  it('of two values may be the same in Redis, but never their owners (R4)', () => {
    const [a, b] = [regionPrefix('copilot', 'a'), regionPrefix('copilot', 'a:b')];
    expect(valueKey(a, encodeKey(['b', 'c']))).toBe(valueKey(b, encodeKey('c')));
    expect(valueOwner(a, encodeKey(['b', 'c']))).not.toBe(valueOwner(b, encodeKey('c')));
  });

  it('of a value are prefix, region and key', () => {
    expect(valueKey(regionPrefix('copilot', 'llm:policy'), encodeKey('tenant-1'))).toBe(
      'copilot:llm:policy:tenant-1',
    );
  });
});

describe('the names in a Redis Cluster', () => {
  const keys = namespaceKeys('copilot', 'main', 'slots');
  const policy = valueKey(regionPrefix('copilot', 'llm:policy'), 'acme');

  it('are those of one server with a tag of the namespace for the prefix', () => {
    expect(keys.head).toBe('{copilot:main}:tidemark:main:head');
    expect(storedKey(keys, policy)).toBe('{copilot:main}:llm:policy:acme');
    expect(storedKey(namespaceKeys('copilot', 'main'), policy)).toBe(policy);
  });

  it('of one namespace are in one slot, whatever is in a key or in the prefix of a stranger', () => {
    fc.assert(
      fc.property(text, text, (encoded, prefix) => {
        const values = [valueKey('copilot:item', encoded), valueKey(prefix, encoded)];
        const names = [
          ...Object.values(keys).filter((name) => typeof name === 'string'),
          ticketKey(keys, encoded),
          ...values.map((key) => storedKey(keys, key)),
        ];
        expect(new Set(names.map(keySlot))).toEqual(new Set([keySlot('{copilot:main}')]));
      }),
    );
  });

  it('of two namespaces are in two slots, so that two masters can share the work', () => {
    expect(keySlot(namespaceKeys('copilot', 'talks', 'slots').head)).not.toBe(keySlot(keys.head));
  });

  it('of a deployment with a tag of its own are in that one slot', () => {
    const [main, talks] = ['main', 'talks'].map((name) => namespaceKeys('{copilot}', name, 'slots'));
    expect(main?.head).toBe('{copilot}:tidemark:main:head');
    expect([main, talks].map((one) => keySlot(one?.head ?? ''))).toEqual([
      keySlot('{copilot}'),
      keySlot('{copilot}'),
    ]);
  });

  it('of announcements are in the slot of main', () => {
    expect(instancesKey('copilot', 'slots')).toBe('{copilot:main}:tidemark:instances');
    expect(keySlot(announcementKey('copilot', 'i-1', 'slots'))).toBe(keySlot(keys.head));
  });

  it('are turned back into what people and the watch say', () => {
    expect(spokenKey('copilot', storedKey(keys, policy))).toBe(policy);
    for (const other of ['copilot:llm:policy:acme', '{other:main}:x', '{copilot:main', '']) {
      expect(spokenKey('copilot', other)).toBe(other);
    }
  });
});
