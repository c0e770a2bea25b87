// Holds the figures of one sidecar, in a registry of its own: two sidecars in one process have nothing in common. What is
// known by asking is set right before a scrape, from memory alone; a scrape never waits for anybody.
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  type MetricValueWithName,
  Registry,
} from 'prom-client';
import type { MetricDefinition } from './metric-definition.ts';

export type ScrapedMetric = MetricObjectWithValues<MetricValue<string> | MetricValueWithName<string>>;

/** In seconds: what passes between two processes, and what has gone wrong. */
const latencyBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export class MetricRegistry {
  readonly #registry = new Registry();
  readonly #refreshers: (() => void)[] = [];

  get contentType(): string {
    return this.#registry.contentType;
  }

  counter<L extends string>(definition: MetricDefinition<L>): Counter<L> {
    return new Counter(this.#optionsOf(definition));
  }

  gauge<L extends string>(definition: MetricDefinition<L>): Gauge<L> {
    return new Gauge(this.#optionsOf(definition));
  }

  histogram<L extends string>(definition: MetricDefinition<L>): Histogram<L> {
    return new Histogram({ ...this.#optionsOf(definition), buckets: latencyBuckets });
  }

  #optionsOf<L extends string>({
    name,
    help,
    labels,
  }: MetricDefinition<L>): {
    name: string;
    help: string;
    labelNames: L[];
    registers: Registry[];
  } {
    return { name, help, labelNames: [...labels], registers: [this.#registry] };
  }

  /** Called before each scrape, to set what is known by asking. Must be quick, and wait for nothing. */
  beforeScrape(refresh: () => void): void {
    this.#refreshers.push(refresh);
  }

  /** Adds those of the process: CPU, memory, event loop, garbage collection. For whoever owns the process. */
  addProcessMetrics(): void {
    collectDefaultMetrics({ register: this.#registry });
  }

  /** In the text format of Prometheus. */
  text(): Promise<string> {
    this.#refresh();
    return this.#registry.metrics();
  }

  read(): Promise<readonly ScrapedMetric[]> {
    this.#refresh();
    return this.#registry.getMetricsAsJSON();
  }

  #refresh(): void {
    for (const refresh of this.#refreshers) refresh();
  }
}
