// The figures of the registry as OpenTelemetry's SDK wants them: the very ones that Prometheus gets, under the same names.
// Changes none, and keeps none.
import { type HrTime, ValueType } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { MetricRegistry, ScrapedMetric } from './metric-registry.ts';

type Sample = ScrapedMetric['values'][number];

export interface ProducerOptions {
  readonly registry: MetricRegistry;
  readonly resource: Resource;
  readonly wallMs: () => number;
}

export function metricProducer({ registry, resource, wallMs }: ProducerOptions): MetricProducer {
  const startTime = toHrTime(wallMs());
  return {
    async collect() {
      const metrics = await registry.read();
      const at = { startTime, endTime: toHrTime(wallMs()) };
      return {
        errors: [],
        resourceMetrics: {
          resource,
          scopeMetrics: [
            { scope: { name: 'tidemark' }, metrics: metrics.map((metric) => toMetricData(metric, at)) },
          ],
        },
      };
    },
  };
}

type At = Pick<DataPoint<number>, 'startTime' | 'endTime'>;

function toMetricData(metric: ScrapedMetric, at: At): MetricData {
  const { name, help, values } = metric;
  const common = {
    descriptor: { name, description: help, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  // The package types the kind as an enum, and gives it as its name.
  const kind = String(metric.type);
  if (kind === 'histogram') {
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints: histogramPoints(metric, at) };
  }
  const dataPoints = values.map(({ value, labels }) => ({ ...at, attributes: { ...labels }, value }));
  return kind === 'counter'
    ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    : { ...common, dataPointType: DataPointType.GAUGE, dataPoints };
}

/** Prometheus spreads a histogram over samples, whose buckets each hold those below: one point for each set of labels. */
function histogramPoints({ name, values }: ScrapedMetric, at: At): DataPoint<Histogram>[] {
  const bySet = new Map<string, Sample[]>();
  for (const sample of values) {
    const { le: _, ...labels } = sample.labels;
    const set = JSON.stringify(Object.entries(labels).sort(([a], [b]) => a.localeCompare(b)));
    bySet.set(set, [...(bySet.get(set) ?? []), sample]);
  }
  return [...bySet.values()].map((samples) => {
    const { le: _, ...attributes } = samples[0]?.labels ?? {};
    return { ...at, attributes: { ...attributes }, value: toHistogram(name, samples) };
  });
}

function toHistogram(name: string, samples: readonly Sample[]): Histogram {
  const of = (suffix: string): number =>
    samples.find((sample) => metricNameOf(sample) === `${name}_${suffix}`)?.value ?? 0;
  const count = of('count');
  const buckets = samples.filter((sample) => metricNameOf(sample) === `${name}_bucket`);
  const finite = buckets.filter(({ labels }) => labels['le'] !== '+Inf');
  const below = [...finite.map(({ value }) => value), count];
  return {
    buckets: {
      boundaries: finite.map(({ labels }) => Number(labels['le'])),
      counts: below.map((value, at) => value - (below[at - 1] ?? 0)),
    },
    sum: of('sum'),
    count,
  };
}

function metricNameOf(sample: Sample): string | undefined {
  return 'metricName' in sample ? sample.metricName : undefined;
}

/** As the last word of the name says. */
function unitOf(name: string): string {
  const base = name.replace(/_total$/, '');
  if (base.endsWith('_seconds')) return 's';
  return base.endsWith('_bytes') ? 'By' : '1';
}

function toHrTime(epochMs: number): HrTime {
  const seconds = Math.floor(epochMs / 1_000);
  return [seconds, Math.round((epochMs - seconds * 1_000) * 1e6)];
}
