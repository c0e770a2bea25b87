import type { AnnouncedNamespace, Announcement } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { announcementOf } from '../testing/announcements.ts';
import { type Freshness, judgeInstance } from './judge-instance.ts';

const main: AnnouncedNamespace = { namespace: 'main', position: '3-14', tidemarkAgeMs: 120, boundMs: 2_000 };
const lacking = { live: 1, regions: 2 };

describe('an instance', () => {
  it.each<[string, Partial<Announcement>, number, Freshness, RegExp | null]>([
    ['whose leases are all live', {}, 900, 'fresh', null],
    ['that missed two announcements', {}, 5_900, 'fresh', null],
    [
      'that is silent',
      {},
      7_300,
      'frozen',
      /^Nothing was heard of it for 7\.3 s: .*stopped.*serves nothing that is older than its bound of 2 s/,
    ],
    ['that is silent, whatever it said before', { leases: lacking }, 20_000, 'frozen', /for 20 s/],
    ['that would be silent for ever', { everyMs: 12_000 }, 18_100, 'frozen', /for 18 s/],
    ['that names no table', { leases: { live: 0, regions: 0 } }, 0, 'fresh', /No region names a table/],
    [
      'that has just started',
      { leases: lacking, upMs: 900, namespaces: [{ ...main, tidemarkAgeMs: null }] },
      0,
      'starting',
      /^Up for 900 ms/,
    ],
    [
      'whose tidemark is too old',
      { leases: lacking, namespaces: [{ ...main, tidemarkAgeMs: 4_200 }] },
      0,
      'behind',
      /^Its tidemark of the namespace main is 4\.2 s old, beyond the bound of 2 s: /,
    ],
    [
      'to which nothing was proved',
      { leases: lacking, namespaces: [main, { ...main, namespace: 'other', tidemarkAgeMs: null }] },
      0,
      'behind',
      /^No round of the namespace other has been proved/,
    ],
    [
      'that says what is wrong',
      { leases: lacking, problems: ['the region x gets no lease: run y', 'more'] },
      0,
      'behind',
      /^The region x gets no lease: run y\.$/,
    ],
    ['that lacks a lease', { leases: lacking }, 0, 'behind', /^1 of 2 regions have no lease: /],
    [
      'that is fresh, and met a stranger',
      { problems: ['4 records could not be read'] },
      0,
      'fresh',
      /^4 records could not be read\.$/,
    ],
  ])('%s is told apart', (_what, changed, silentMs, freshness, sentence) => {
    const announcement = announcementOf(changed);
    const verdict = judgeInstance({ announcement, silentMs }, true);
    expect(verdict.freshness).toBe(freshness);
    if (sentence === null) expect(verdict.sentence).toBeNull();
    else expect(verdict.sentence).toMatch(sentence);
  });

  it('is unknown while Redis does not answer whoever asks', () => {
    const verdict = judgeInstance({ announcement: announcementOf(), silentMs: 99_000 }, false);
    expect(verdict).toEqual({
      freshness: 'unknown',
      sentence: expect.stringMatching(/^Redis does not answer/),
    });
  });
});
