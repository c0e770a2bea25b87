// What a metric is: name, kind, labels, and the sentence that people read of it. Prometheus, OTLP and docs/operate.md are
// all made from these; there is no second list.

export interface MetricDefinition<Label extends string = string> {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** In base units, which end it; `_total` for a counter. */
  readonly name: string;
  readonly help: string;
  /** What they may hold is bounded: never a key, an id of a row or a sentence. */
  readonly labels: readonly Label[];
  /** Of a histogram: from half a millisecond to ten seconds. */
  readonly buckets?: 'latency';
}
