// A cache's figures at a real receiver of OTLP, in the process of the test.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Cache, createCache } from '../cache.ts';
import type { CacheStatus } from '../cache-status.ts';
import { observeCache } from './observe-cache.ts';

interface Point {
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
  readonly asDouble?: number;
  readonly asInt?: number | string;
}

interface Metric {
  readonly name: string;
  readonly unit: string;
  readonly sum?: { readonly dataPoints: readonly Point[]; readonly isMonotonic: boolean };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
}

let receiver: Server;
let received: Map<string, Metric>;
let meters: MeterProvider;

beforeEach(async () => {
  received = new Map();
  receiver = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      const { resourceMetrics } = JSON.parse(body) as {
        resourceMetrics: { scopeMetrics: { metrics: Metric[] }[] }[];
      };
      const metrics = resourceMetrics.flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap((scope) => scope.metrics),
      );
      received = new Map(metrics.map((metric) => [metric.name, metric]));
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { port } = receiver.address() as AddressInfo;
  const exporter = new OTLPMetricExporter({ url: `http://127.0.0.1:${port}/v1/metrics` });
  meters = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })],
  });
});

afterEach(async () => {
  await meters.shutdown();
  receiver.closeAllConnections();
  receiver.close();
});

/** The points of a metric as they arrived, as `label=text,...: value`. */
async function points(name: string): Promise<string[]> {
  await meters.forceFlush();
  const metric = received.get(name);
  return (metric?.sum ?? metric?.gauge)?.dataPoints.map(textOf) ?? [];
}

function textOf({ attributes, asDouble, asInt }: Point): string {
  const labels = attributes.map(({ key, value }) => `${key}=${value.stringValue}`);
  return `${labels.join(',')}: ${Number(asDouble ?? asInt)}`;
}

describe('a cache that is observed', () => {
  let cache: Cache;

  beforeEach(() => {
    cache = createCache();
  });

  afterEach(() => cache.close());

  test('tells what served its reads, and how often entries were dropped', async () => {
    const stop = observeCache(cache, meters.getMeter('app'));
    const flags = cache.region<string>({ name: 'flags', ttl: '5m', load: async (id) => id });
    await flags.get('secret-key');
    await flags.get('secret-key');
    flags.peek('secret-key');
    await flags.invalidate('secret-key');
    expect(await points('tidemark.cache.reads')).toEqual([
      'region=flags,from=l1: 2',
      'region=flags,from=l2: 0',
      'region=flags,from=source: 1',
    ]);
    expect(await points('tidemark.cache.invalidations')).toContain('region=flags,cause=write: 1');
    // What was dropped is kept for getStale.
    expect(await points('tidemark.cache.entries')).toEqual(['region=flags: 1']);
    expect(received.get('tidemark.cache.reads')?.sum?.isMonotonic).toBe(true);
    // No table, no lease to be missed; no Redis, no connection.
    expect(await points('tidemark.cache.lease')).toEqual([]);
    expect(await points('tidemark.cache.redis.connected')).toEqual([]);
    expect(JSON.stringify([...received.values()])).not.toContain('secret-key');
    stop();
    stop();
    await flags.get('another');
    expect(await points('tidemark.cache.reads')).toContain('region=flags,from=source: 1');
  });

  test('reports a region that is made later, and regions with one meter apart', async () => {
    const stop = observeCache(cache, meters.getMeter('app'));
    for (const name of ['a', 'b']) cache.region<string>({ name, ttl: '5m', load: async (id) => id });
    expect(await points('tidemark.cache.entries')).toEqual(['region=a: 0', 'region=b: 0']);
    stop();
  });
});

test('lease, age of the tidemark, fills and resets are what the status says', async () => {
  const status: CacheStatus = {
    mode: 'sidecar',
    instanceId: 'i',
    redis: 'connected',
    redisErrors: 3,
    namespaces: [
      {
        namespace: 'main',
        position: '1-1',
        tidemarkAgeMs: 412,
        boundMs: 2_000,
        resets: 2,
        replays: 5,
        refused: { heads: 0, records: 0, hints: 0 },
      },
      {
        namespace: 'talks',
        position: null,
        tidemarkAgeMs: null,
        boundMs: 2_000,
        resets: 1,
        replays: 0,
        refused: { heads: 0, records: 0, hints: 0 },
      },
    ],
    regions: [
      {
        name: 'policy',
        tables: ['a.t'],
        entries: 4,
        hits: 9,
        l2Hits: 8,
        l2Refused: 7,
        l2Unshared: 6,
        l2Fills: 5,
        l2Fenced: 4,
        loads: 3,
        overtaken: { record: 2, hint: 1, write: 0, reset: 0 },
        lease: 'live',
        guarantee: 'bounded',
      },
    ],
  };
  const stop = observeCache({ status: () => status }, meters.getMeter('app'));
  expect(await points('tidemark.cache.lease')).toEqual(['region=policy: 1']);
  expect(await points('tidemark.cache.tidemark.age')).toEqual(['namespace=main: 0.412']);
  expect(received.get('tidemark.cache.tidemark.age')?.unit).toBe('s');
  expect(await points('tidemark.cache.resets')).toEqual(['namespace=main: 2', 'namespace=talks: 1']);
  expect(await points('tidemark.cache.fills')).toEqual([
    'region=policy,outcome=stored: 5',
    'region=policy,outcome=fenced: 4',
    'region=policy,outcome=unshared: 6',
  ]);
  expect(await points('tidemark.cache.l2.refused')).toEqual(['region=policy: 7']);
  expect(await points('tidemark.cache.redis.errors')).toEqual([': 3']);
  expect(await points('tidemark.cache.redis.connected')).toEqual([': 1']);
  stop();
});
