// Who is tried: the adapter of each, and how it hears of changes. In the order of the table.
import type { Peer } from '../peers/peers.ts';

export interface Contestant {
  /** In the table. */
  readonly label: string;
  readonly peer: Peer;
  /** Its file in peers/. */
  readonly adapter: string;
  /** How an instance learns that another one has written. */
  readonly hears: string;
}

export const contestants: readonly Contestant[] = [
  { label: 'tidemark', peer: 'tidemark', adapter: 'tidemark', hears: 'hints, records and the head' },
  { label: 'bentocache', peer: 'bentocache', adapter: 'bentocache', hears: 'its Redis bus' },
  {
    label: 'layered-loader',
    peer: 'layered-loader',
    adapter: 'layered-loader',
    hears: 'its Redis notifications',
  },
  { label: 'cacheable', peer: 'cacheable', adapter: 'cacheable', hears: 'CacheableSync over Redis' },
  {
    label: 'cacheable, kept alive',
    peer: 'cacheable',
    adapter: 'cacheable-kept-alive',
    hears: 'the same, with listeners for errors',
  },
  { label: 'node-redis', peer: 'node-redis', adapter: 'node-redis', hears: 'client-side caching of Redis' },
  {
    label: 'async-cache-dedupe',
    peer: 'async-cache-dedupe',
    adapter: 'async-cache-dedupe',
    hears: 'nothing: it has no L1',
  },
  {
    label: 'cache-manager',
    peer: 'cache-manager',
    adapter: 'cache-manager',
    hears: 'nothing: it has no bus',
  },
];
