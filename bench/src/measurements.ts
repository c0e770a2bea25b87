// Every measurement, in the order in which they run and are reported.
import { cluster } from './cluster/cluster.ts';
import { coherence } from './coherence/coherence.ts';
import { freshness } from './freshness/freshness.ts';
import { growth } from './growth/growth.ts';
import { hit } from './hit/hit.ts';
import type { Measurement } from './measurement.ts';
import { miss } from './miss/miss.ts';
import { throughput } from './throughput/throughput.ts';

export const measurements: readonly Measurement[] = [
  hit,
  miss,
  coherence,
  freshness,
  throughput,
  growth,
  cluster,
];

/** What each answers, for `--help`. */
export const summaries: Readonly<Record<string, string>> = {
  hit: 'what a read costs whose value is in L1, beside the peers',
  miss: 'what a read costs that asks Redis or the source, beside the peers',
  coherence: 'what is read after a lost message and after a late load, beside the peers; counted',
  freshness: 'how long after its commit a change is dropped everywhere',
  throughput: 'what a followed table costs its writers, and how many changes a second are kept up with',
  growth: 'what costs more as instances, entries, regions and tables grow, and how fast',
  cluster: 'what each step costs Redis, on one server and on a Cluster',
};
