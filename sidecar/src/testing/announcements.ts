// Announcements for tests: that of an instance with which all is well, and changes of it.
import type { Announcement } from '@tidemark/protocol';

export function announcementOf(changed: Partial<Announcement> = {}): Announcement {
  return {
    instanceId: 'a-1',
    name: 'checkout',
    version: '0.1.0',
    mode: 'sidecar',
    upMs: 60_000,
    everyMs: 2_000,
    namespaces: [{ namespace: 'main', position: '3-14', tidemarkAgeMs: 120, boundMs: 2_000 }],
    l1: { entries: 5, hits: 10, l2Hits: 2, loads: 3 },
    leases: { live: 2, regions: 2 },
    redisErrors: 0,
    problems: [],
    ...changed,
  };
}
