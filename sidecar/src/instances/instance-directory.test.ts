import { announcementTtlMs, maxAnnounced } from '@tidemark/protocol';
import { describe, expect, it } from 'vitest';
import { announcementOf } from '../testing/announcements.ts';
import { InstanceDirectory } from './instance-directory.ts';
import type { SeenInstance } from './read-instances.ts';

function read(...instances: SeenInstance[]): { instances: SeenInstance[]; refused: number } {
  return { instances, refused: 0 };
}

function seen(changed: Parameters<typeof announcementOf>[0] = {}, silentMs = 100): SeenInstance {
  return { announcement: announcementOf(changed), silentMs };
}

describe('the directory of instances', () => {
  it('keeps the lag of each announcement, once, for two minutes', () => {
    const directory = new InstanceDirectory();
    for (let second = 0; second < 300; second += 1) {
      // One announcement in two readings.
      const upMs = 60_000 + 2_000 * Math.floor(second / 2);
      directory.notice(read(seen({ upMs }, second % 2 === 0 ? 100 : 1_100)), 1_000 * second);
    }
    const [one] = directory.list(299_000);
    expect(one?.lags).toHaveLength(60);
    expect(one?.lags.at(-1)).toEqual({ agoMs: 1_100, tidemarkAgeMs: 120 });
    expect(one?.lags[0]?.agoMs).toBeLessThanOrEqual(120_000);
  });

  it('lets the lag of a silent instance grow as it must have grown', () => {
    const directory = new InstanceDirectory();
    for (let second = 0; second <= 9; second += 1) {
      directory.notice(read(seen({}, 1_000 * second)), 1_000 * second);
    }
    const [one] = directory.list(9_000);
    expect(one).toMatchObject({ freshness: 'frozen', silentMs: 9_000 });
    expect(one?.lags.map(({ tidemarkAgeMs }) => tidemarkAgeMs)).toEqual([120, 7_120, 8_120, 9_120]);
  });

  it('counts as hits what the last two minutes brought', () => {
    const directory = new InstanceDirectory();
    const l1 = { entries: 5, hits: 1_000, l2Hits: 0, loads: 1_000 };
    directory.notice(read(seen({ upMs: 1, l1 })), 0);
    expect(directory.list(0)[0]?.hitRate).toBeNull();
    directory.notice(read(seen({ upMs: 2, l1: { ...l1, hits: 1_080, l2Hits: 10, loads: 1_010 } })), 2_000);
    expect(directory.list(2_000)[0]?.hitRate).toBe(0.9);
  });

  it('drops at once who took its announcement back', () => {
    const directory = new InstanceDirectory();
    directory.notice(read(seen(), seen({ instanceId: 'b', name: 'api' })), 0);
    expect(directory.list(0).map(({ announcement }) => announcement.name)).toEqual(['api', 'checkout']);
    directory.notice(read(seen()), 1_000);
    expect(directory.list(1_000).map(({ announcement }) => announcement.name)).toEqual(['checkout']);
  });

  it('remembers for a while who vanished without a word', () => {
    const directory = new InstanceDirectory();
    const lastMs = announcementTtlMs - 1_000;
    directory.notice(read(seen({}, lastMs)), 0);
    directory.notice(read(), 2_000);
    expect(directory.list(2_000)[0]).toMatchObject({ freshness: 'frozen', silentMs: lastMs + 2_000 });
    directory.notice(read(), 62_000);
    expect(directory.list(62_000)).toEqual([]);
  });

  it('blames nobody for a silence of its own, nor after it at once', () => {
    const directory = new InstanceDirectory();
    directory.notice(read(seen()), 0);
    directory.lose();
    expect(directory.list(20_000)[0]?.freshness).toBe('unknown');
    directory.notice(read(seen({}, 20_100)), 20_000);
    expect(directory.list(20_500)[0]?.freshness).toBe('fresh');
    directory.notice(read(seen({}, 28_100)), 28_000);
    expect(directory.list(28_000)[0]?.freshness).toBe('frozen');
  });

  it('names the worst first', () => {
    const directory = new InstanceDirectory();
    const behind = seen({ instanceId: 'b', name: 'z', leases: { live: 0, regions: 1 } });
    const frozen = seen({ instanceId: 'c', name: 'y' }, 9_000);
    directory.notice(read(seen(), behind, frozen), 0);
    expect(directory.list(0).map(({ freshness }) => freshness)).toEqual(['frozen', 'behind', 'fresh']);
  });

  it('has a bound, whoever comes', () => {
    const directory = new InstanceDirectory();
    for (let batch = 0; batch < 5; batch += 1) {
      const many = Array.from({ length: maxAnnounced }, (_, at) =>
        seen({ instanceId: `${batch}-${at}` }, announcementTtlMs - 1),
      );
      directory.notice(read(...many), batch);
    }
    expect(directory.list(5).length).toBe(2 * maxAnnounced);
  });
});
