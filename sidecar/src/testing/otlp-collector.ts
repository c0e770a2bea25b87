// A collector that takes what an exporter pushes, and keeps it: OTLP over HTTP, as JSON.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Value {
  readonly stringValue?: string;
  readonly intValue?: number | string;
  readonly arrayValue?: { readonly values: readonly Value[] };
}

export interface Attribute {
  readonly key: string;
  readonly value: Value;
}

interface PushedPoint {
  readonly attributes: readonly Attribute[];
  readonly asDouble?: number;
  readonly asInt?: number | string;
  readonly count?: number | string;
  readonly sum?: number;
  readonly bucketCounts?: readonly (number | string)[];
  readonly explicitBounds?: readonly number[];
}

export interface PushedMetric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly isMonotonic: boolean; readonly dataPoints: readonly PushedPoint[] };
  readonly gauge?: { readonly dataPoints: readonly PushedPoint[] };
  readonly histogram?: { readonly dataPoints: readonly PushedPoint[] };
}

export interface PushedSpan {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly Attribute[];
  readonly status: { readonly code: number; readonly message?: string };
}

interface MetricsRequest {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly PushedMetric[] }[];
  }[];
}

interface TracesRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly PushedSpan[] }[];
  }[];
}

export class OtlpCollector implements AsyncDisposable {
  /** What it answers. */
  status = 200;
  /** The last that were pushed. */
  metrics: readonly PushedMetric[] = [];
  resource: readonly Attribute[] = [];
  readonly spans: PushedSpan[] = [];
  requests = 0;
  readonly #server: Server;

  static async start(): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    collector.#server.listen(0, '127.0.0.1');
    await once(collector.#server, 'listening');
    return collector;
  }

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => (body += text));
      request.on('end', () => {
        this.requests += 1;
        if (this.status === 200) this.#take(request.url ?? '', JSON.parse(body));
        response.writeHead(this.status, { 'content-type': 'application/json' }).end('{}');
      });
    });
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #take(path: string, body: unknown): void {
    if (path === '/v1/metrics') {
      const [pushed] = (body as MetricsRequest).resourceMetrics;
      this.metrics = pushed!.scopeMetrics.flatMap(({ metrics }) => metrics);
      this.resource = pushed!.resource.attributes;
    } else if (path === '/v1/traces') {
      const { resourceSpans } = body as TracesRequest;
      for (const { scopeSpans } of resourceSpans)
        for (const { spans } of scopeSpans) this.spans.push(...spans);
    } else throw new Error(`nothing is pushed to ${path}`);
  }

  metric(name: string): PushedMetric | undefined {
    return this.metrics.find((metric) => metric.name === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export function attribute(attributes: readonly Attribute[], key: string): unknown {
  const value = attributes.find((one) => one.key === key)?.value;
  return value?.stringValue ?? value?.intValue ?? value?.arrayValue?.values.map((one) => one.stringValue);
}
