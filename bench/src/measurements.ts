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
