import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hostile, text } from '../testing/arbitraries.ts';
import {
  type Announcement,
  formatAnnouncement,
  maxAnnouncementBytes,
  parseAnnouncement,
} from './announcement.ts';

const plain: Announcement = {
  instanceId: 'a-1',
  name: 'checkout',
  version: '0.1.0',
  mode: 'sidecar',
  upMs: 12_000,
  everyMs: 2_000,
  namespaces: [{ namespace: 'main', position: '3-14', tidemarkAgeMs: 120.5, boundMs: 2_000 }],
  l1: { entries: 5, hits: 10, l2Hits: 2, loads: 3 },
  leases: { live: 1, regions: 1 },
  redisErrors: 0,
  problems: [],
};

const duration = fc.double({ min: 0, max: 1e12, noNaN: true, noDefaultInfinity: true }).map(Math.abs);
const announcement: fc.Arbitrary<Announcement> = fc.record({
  instanceId: fc.stringMatching(/^[\w-]{1,64}$/),
  name: text.filter((name) => name !== ''),
  version: fc.constant('0.1.0'),
  mode: fc.constant('embedded'),
  upMs: duration,
  everyMs: duration.map((ms) => ms + 1),
  namespaces: fc.array(
    fc.record({
      namespace: text.filter((name) => name !== ''),
      position: fc.option(fc.constant('9007199254740991-1')),
      tidemarkAgeMs: fc.option(duration),
      boundMs: fc.option(duration),
    }),
    { maxLength: 20 },
  ),
  l1: fc.record({ entries: fc.nat(), hits: fc.nat(), l2Hits: fc.nat(), loads: fc.nat() }),
  leases: fc.record({ live: fc.nat(), regions: fc.nat() }),
  redisErrors: fc.nat(),
  problems: fc.array(text, { maxLength: 12 }),
});

describe('an announcement', () => {
  it('comes back from its text as it was', () => {
    expect(parseAnnouncement(formatAnnouncement(plain))).toEqual(plain);
  });

  it('is cut so that a reader accepts it, whatever the names and problems are', () => {
    fc.assert(
      fc.property(announcement, (one) => {
        const parsed = parseAnnouncement(formatAnnouncement(one));
        expect(parsed?.namespaces).toHaveLength(Math.min(16, one.namespaces.length));
        expect(parsed?.problems).toHaveLength(Math.min(8, one.problems.length));
      }),
    );
  });

  it('fits into what is read of it, with the most of everything and every character escaped', () => {
    const worst = '\u0001'.repeat(1_000);
    const one = formatAnnouncement({
      ...plain,
      name: worst,
      namespaces: Array.from({ length: 99 }, () => ({ ...plain.namespaces[0]!, namespace: worst })),
      problems: Array.from({ length: 99 }, () => worst),
    });
    expect(Buffer.byteLength(one)).toBeLessThan(maxAnnouncementBytes);
    expect(parseAnnouncement(one)?.problems).toHaveLength(8);
  });

  it('carries no more than this version knows', () => {
    expect(parseAnnouncement(JSON.stringify({ ...plain, secret: 1 }))).toEqual(plain);
  });

  it.each<[string, object]>([
    ['an id that is no id', { instanceId: 'a b' }],
    ['an id that is long', { instanceId: 'a'.repeat(65) }],
    ['no name', { name: '' }],
    ['a name that is long', { name: 'n'.repeat(81) }],
    ['an age below zero', { namespaces: [{ ...plain.namespaces[0], tidemarkAgeMs: -1 }] }],
    ['a position that is none', { namespaces: [{ ...plain.namespaces[0], position: 'here' }] }],
    ['too many namespaces', { namespaces: Array.from({ length: 17 }, () => plain.namespaces[0]) }],
    ['a count that is none', { l1: { ...plain.l1, hits: 0.5 } }],
    ['a period of nothing', { everyMs: 0 }],
    ['a problem that is long', { problems: ['p'.repeat(301)] }],
    ['no leases', { leases: null }],
  ])('with %s is refused', (_what, changed) => {
    expect(parseAnnouncement(JSON.stringify({ ...plain, ...changed }))).toBeUndefined();
  });

  it('that is larger than any is refused before it is parsed', () => {
    expect(parseAnnouncement(formatAnnouncement(plain) + ' '.repeat(maxAnnouncementBytes))).toBeUndefined();
  });

  it('no text makes the parser throw', () => {
    fc.assert(
      fc.property(hostile(announcement.map(formatAnnouncement)), (message) => {
        const parsed = parseAnnouncement(message);
        expect(parsed === undefined || parsed.instanceId.length <= 64).toBe(true);
      }),
    );
  });
});
