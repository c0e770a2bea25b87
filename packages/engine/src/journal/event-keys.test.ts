import { describe, expect, it } from 'vitest';
import { keysOfEvent, tableOfEvent } from './event-keys.ts';

const base = { schema: 'public', table: 'flags', commit_timestamp: 'now', errors: null, new: {}, old: {} };

describe('keys of a postgres_changes event', () => {
  it.each([
    ['an insert names the new key', { eventType: 'INSERT', new: { id: 'a', on: true } }, ['a']],
    ['a delete names the old key', { eventType: 'DELETE', old: { id: 'a' } }, ['a']],
    [
      'an update that keeps the key names it once',
      { eventType: 'UPDATE', old: { id: 'a' }, new: { id: 'a' } },
      ['a'],
    ],
    [
      'an update of the key names both, the old one and the new one',
      { eventType: 'UPDATE', old: { id: 'a' }, new: { id: 'b' } },
      ['a', 'b'],
    ],
    ['a number is written in decimal', { eventType: 'INSERT', new: { id: 7 } }, ['7']],
    ['separators inside a key are encoded', { eventType: 'INSERT', new: { id: 'a:b%' } }, ['a%3Ab%25']],
  ])('%s', (_name, event, keys) => {
    expect(keysOfEvent({ ...base, ...event }, ['id'])).toEqual(keys);
  });

  it('a key of several columns is encoded in the given order', () => {
    const event = { ...base, eventType: 'INSERT', new: { tenant: 't', id: 1 } };
    expect(keysOfEvent(event, ['id', 'tenant'])).toEqual(['1:t']);
    expect(keysOfEvent(event, ['tenant', 'id'])).toEqual(['t:1']);
  });

  it.each([
    [
      'with errors, although it seems to have the key',
      { eventType: 'INSERT', new: { id: 'a' }, errors: ['Error 413: Payload Too Large'] },
    ],
    ['that was refused', { eventType: 'INSERT', errors: ['Error 401: Unauthorized'] }],
    ['that deletes a row and lacks its key column', { eventType: 'DELETE', old: { other: 1 } }],
    ['whose old row lacks the key column', { eventType: 'UPDATE', old: {}, new: { id: 'a' } }],
    ['whose new row lacks the key column', { eventType: 'UPDATE', old: { id: 'a' }, new: { on: true } }],
    ['whose key is null', { eventType: 'INSERT', new: { id: null } }],
    ['whose number was rounded on its way', { eventType: 'INSERT', new: { id: 2 ** 60 } }],
    ['whose number has a fraction', { eventType: 'INSERT', new: { id: 1.5 } }],
    ['whose key is an object', { eventType: 'INSERT', new: { id: {} } }],
    ['of an unknown type', { eventType: 'TRUNCATE' }],
    ['without rows', { eventType: 'INSERT', new: undefined }],
  ])('an event %s names every key', (_name, event) => {
    expect(keysOfEvent({ ...base, ...event }, ['id'])).toBeNull();
  });

  it('anything that is no event at all names every key', () => {
    expect(keysOfEvent(undefined, ['id'])).toBeNull();
    expect(tableOfEvent(undefined)).toBeUndefined();
  });

  it('the table is known even when the rest of an event can not be read', () => {
    expect(tableOfEvent({ schema: 'public', table: 'flags', new: 1 })).toBe('public.flags');
  });
});
