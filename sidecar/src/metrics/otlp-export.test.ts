// What a collector gets, by a real one: OTLP over HTTP into the process of the test.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { FakeClock, RecordedLog } from '@tidemark/devstack/fakes';
import type { ObservedRound } from '@tidemark/engine';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { attribute, OtlpCollector } from '../testing/otlp-collector.ts';
import { MetricRegistry } from './metric-registry.ts';
import { openOtlpExport } from './open-otlp-export.ts';
import { type OtlpExport, startOtlpExport } from './otlp-export.ts';
import { countRounds, roundDefinitions } from './round-metrics.ts';

let collector: OtlpCollector;
let registry: MetricRegistry;
let clock: FakeClock;
let log: RecordedLog;
let otlp: OtlpExport;

beforeEach(async () => {
  collector = await OtlpCollector.start();
  registry = new MetricRegistry();
  clock = new FakeClock();
  log = new RecordedLog();
  otlp = startOtlpExport({
    endpoint: collector.endpoint,
    version: '1.2.3',
    registry,
    clock,
    logger: log,
    redact: (text) => text.replaceAll('hunter22', '[redacted]'),
  });
});

afterEach(async () => {
  await otlp.close();
  await collector[Symbol.asyncDispose]();
});

function roundOf(changed: Partial<ObservedRound> = {}): ObservedRound {
  const startedMs = clock.monotonicMs();
  return {
    namespace: 'main',
    isGlance: false,
    outcome: 'published',
    startedMs,
    endedMs: startedMs + 6,
    steps: [
      { name: 'begin', startedMs, endedMs: startedMs + 1 },
      { name: 'read', startedMs: startedMs + 1, endedMs: startedMs + 4 },
      { name: 'publish', startedMs: startedMs + 4, endedMs: startedMs + 6 },
    ],
    changes: [{ table: 'a.t', keys: 2, publishedAfterMs: [2, 8] }],
    ...changed,
  };
}

describe('the figures', () => {
  test('are the ones that Prometheus gets, under the same names', async () => {
    const count = countRounds(registry);
    registry.gauge({ type: 'gauge', name: 'some_bytes', help: 'h', labels: [] }).set(7);
    count(roundOf());
    count(roundOf({ changes: [{ table: 'a.u', keys: null, publishedAfterMs: [] }] }));
    const text = await registry.text();
    await otlp.close();
    expect(collector.metric('tidemark_invalidated_keys_total')).toMatchObject({
      unit: '1',
      sum: {
        isMonotonic: true,
        dataPoints: [
          { asDouble: 2, attributes: [{ key: 'table', value: { stringValue: 'a.t' } }] },
          { asDouble: 0, attributes: [{ key: 'table', value: { stringValue: 'a.u' } }] },
        ],
      },
    });
    expect(collector.metric('some_bytes')).toMatchObject({
      unit: 'By',
      gauge: { dataPoints: [{ asDouble: 7 }] },
    });
    const duration = collector.metric(roundDefinitions.duration.name);
    expect(duration).toMatchObject({ unit: 's', histogram: { dataPoints: [{ count: 2 }] } });
    expect(text).toContain('tidemark_round_duration_seconds_count{namespace="main",outcome="published"} 2');
    const names = new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
    expect(new Set(collector.metrics.map(({ name }) => name))).toEqual(names);
  });

  test('of a histogram stand in the bucket they belong to, in each of its sets of labels', async () => {
    const histogram = registry.histogram({ type: 'histogram', name: 'h_seconds', help: 'h', labels: ['of'] });
    for (const seconds of [0.0004, 0.003, 0.004, 99]) histogram.observe({ of: 'a' }, seconds);
    histogram.observe({ of: 'b' }, 1);
    await otlp.close();
    const [a, b] = collector.metric('h_seconds')?.histogram?.dataPoints ?? [];
    expect(a?.attributes).toEqual([{ key: 'of', value: { stringValue: 'a' } }]);
    expect(a?.explicitBounds?.slice(0, 4)).toEqual([0.0005, 0.001, 0.0025, 0.005]);
    expect(a?.bucketCounts?.map(Number)).toEqual([1, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect([Number(a?.count), Number(b?.count)]).toEqual([4, 1]);
    expect(a?.sum).toBeCloseTo(99.0074);
  });

  test('name the service and its version', async () => {
    await otlp.close();
    expect(attribute(collector.resource, 'service.name')).toBe('tidemark-sidecar');
    expect(attribute(collector.resource, 'service.version')).toBe('1.2.3');
  });
});

describe('a round', () => {
  test('is a span with its steps below it, at their times', async () => {
    const epochMs = clock.wallMs();
    otlp.onRound(roundOf());
    await otlp.close();
    const [begin, read, publish, round] = collector.spans;
    expect([begin, read, publish, round].map((span) => span?.name)).toEqual([
      'tidemark.begin',
      'tidemark.read',
      'tidemark.publish',
      'tidemark.round',
    ]);
    for (const step of [begin, read, publish]) {
      expect(step).toMatchObject({ traceId: round?.traceId, parentSpanId: round?.spanId });
    }
    expect(round?.parentSpanId ?? '').toBe('');
    const startsMs = [round, begin, read, publish].map(
      (span) => Number(span?.startTimeUnixNano) / 1e6 - epochMs,
    );
    expect(startsMs.map(Math.round)).toEqual([0, 0, 1, 4]);
    expect(Math.round(Number(round?.endTimeUnixNano) / 1e6 - epochMs)).toBe(6);
    expect(attribute(round!.attributes, 'tidemark.tables')).toEqual(['a.t']);
    expect(attribute(round!.attributes, 'tidemark.keys')).toBe(2);
  });

  test('that failed says why, without a secret, and ends with the step that failed', async () => {
    const { steps } = roundOf();
    otlp.onRound(
      roundOf({
        outcome: 'failed',
        changes: [],
        steps: steps.slice(0, 2),
        reason: 'no answer of u:hunter22@db',
      }),
    );
    await otlp.close();
    expect(collector.spans.map(({ name }) => name)).toEqual([
      'tidemark.begin',
      'tidemark.read',
      'tidemark.round',
    ]);
    expect(collector.spans[2]?.status).toEqual({ code: 2, message: 'no answer of u:[redacted]@db' });
  });

  test('that found nothing is not traced, unless it opened a generation', async () => {
    otlp.onRound(roundOf({ changes: [] }));
    otlp.onRound(roundOf({ changes: [], opened: { generation: 9, isLinked: true } }));
    await otlp.close();
    const rounds = collector.spans.filter(({ name }) => name === 'tidemark.round');
    expect(rounds.map(({ attributes }) => attribute(attributes, 'tidemark.generation'))).toEqual([9]);
  });
});

test('a collector that refuses is told of once, and harms nobody', async () => {
  collector.status = 400;
  otlp.onRound(roundOf());
  await otlp.close();
  expect(collector.requests).toBeGreaterThanOrEqual(2);
  expect(log.told('warn')).toEqual(Array(2).fill('the collector does not take what is sent'));
});

describe('OpenTelemetry', () => {
  test('is not there where no collector is configured', async () => {
    const parts = { version: '1', registry, clock, logger: log, redact: (text: string) => text };
    expect(await openOtlpExport(undefined, parts)).toBeUndefined();
  });

  test('is loaded by the export alone, which nobody imports before it is wanted', () => {
    const root = path.join(import.meta.dirname, '..');
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => [file, readFileSync(path.join(root, file), 'utf8')] as const);
    const naming = files.filter(([, text]) => text.includes("from '@opentelemetry/")).map(([file]) => file);
    const own = ['otlp-export.ts', 'otlp-metrics.ts', 'round-spans.ts'];
    expect(naming.sort()).toEqual(own.map((file) => path.join('metrics', file)));
    const eager = files.filter(([file, text]) =>
      own.some(
        (one) =>
          !own.includes(path.basename(file)) &&
          new RegExp(String.raw`^import (?!type)[^;]*/${one}';`, 'm').test(text),
      ),
    );
    expect(eager.map(([file]) => file)).toEqual([]);
  });
});
