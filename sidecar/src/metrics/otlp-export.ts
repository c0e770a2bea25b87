// Pushes metrics and traces to a collector. Loaded only where one is configured, and with it the SDK of OpenTelemetry.
// Keeps to itself: it sets no global of that API, so that a host process may have an SDK of its own.
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { ObservedRound } from '@tidemark/engine';
import type { Clock, Logger } from '@tidemark/protocol';
import type { MetricRegistry } from './metric-registry.ts';
import { metricProducer } from './otlp-metrics.ts';
import { traceRounds } from './round-spans.ts';

export interface OtlpExportOptions {
  /** Without the path of a signal. */
  readonly endpoint: string;
  readonly version: string;
  readonly registry: MetricRegistry;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly redact: (text: string) => string;
}

export interface OtlpExport {
  readonly onRound: (round: ObservedRound) => void;
  /** Sends what is left, as far as the collector takes it. */
  close(): Promise<void>;
}

/** As often as Prometheus usually asks. */
const exportEveryMs = 15_000;

/** A collector that takes longer gets the figures of the next turn. */
const exportTimeoutMs = 5_000;

export function startOtlpExport(options: OtlpExportOptions): OtlpExport {
  const { endpoint, version, registry, clock, logger, redact } = options;
  const resource = resourceFromAttributes({
    'service.name': 'tidemark-sidecar',
    'service.version': version,
    // What OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say wins.
  }).merge(detectResources({ detectors: [envDetector] }));
  const told = tellChanges(logger);
  const metricExporter = new OTLPMetricExporter({
    url: `${endpoint}/v1/metrics`,
    timeoutMillis: exportTimeoutMs,
  });
  const traceExporter = new OTLPTraceExporter({
    url: `${endpoint}/v1/traces`,
    timeoutMillis: exportTimeoutMs,
  });
  const meters = new MeterProvider({
    resource,
    readers: [
      new PeriodicExportingMetricReader({
        exporter: told('metrics', metricExporter),
        exportIntervalMillis: exportEveryMs,
        exportTimeoutMillis: exportTimeoutMs,
        metricProducers: [metricProducer({ registry, resource, wallMs: () => clock.wallMs() })],
      }),
    ],
  });
  const tracers = new TracerProvider({
    resource,
    spanProcessors: [new BatchSpanProcessor({ exporter: told('traces', traceExporter) })],
  });
  return {
    onRound: traceRounds({ tracer: tracers.getTracer('tidemark', version), clock, redact }),
    async close() {
      await Promise.allSettled([meters.shutdown(), tracers.shutdown()]);
    },
  };
}

interface Exporter<T> {
  export(items: T, done: (result: { code: number; error?: Error }) => void): void;
}

/** Wraps an exporter: that a collector fails, and that it takes things again, is each told once. */
function tellChanges(
  logger: Logger,
): <T, E extends Exporter<T>>(what: string, exporter: E & Exporter<T>) => E {
  return (what, exporter) => {
    let isFailing = false;
    const send = exporter.export.bind(exporter);
    exporter.export = (items, done) =>
      send(items, (result) => {
        const hasFailed = result.code !== 0;
        if (hasFailed && !isFailing) {
          logger.warn({ what, reason: result.error?.message }, 'the collector does not take what is sent');
        }
        if (!hasFailed && isFailing) logger.info({ what }, 'the collector takes what is sent again');
        isFailing = hasFailed;
        done(result);
      });
    return exporter;
  };
}
