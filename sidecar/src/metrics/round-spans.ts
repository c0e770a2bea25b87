// A round, or a glance, as a span with its steps below it. Spans are made when the round is over, from the times that the
// engine noted: no round waits for a tracer. Rounds that found nothing are left out; there are several a second, and their
// figures tell all there is.
import { ROOT_CONTEXT, SpanStatusCode, trace, type Tracer } from '@opentelemetry/api';
import type { ObservedRound } from '@tidemark/engine';
import type { Clock } from '@tidemark/protocol';

export interface RoundSpansOptions {
  readonly tracer: Tracer;
  readonly clock: Clock;
  /** A reason comes from libraries, and may repeat a secret. */
  readonly redact: (text: string) => string;
}

/** @returns what is to be told of each round */
export function traceRounds({ tracer, clock, redact }: RoundSpansOptions): (round: ObservedRound) => void {
  return (round) => {
    const { namespace, isGlance, outcome, changes, opened, reason, steps, startedMs, endedMs } = round;
    if (outcome === 'published' && changes.length === 0 && opened === undefined) return;
    // One reading of both clocks, so that the steps of a round fit together whatever the wall clock does.
    const epochMs = clock.wallMs() - clock.monotonicMs();
    const span = tracer.startSpan(
      isGlance ? 'tidemark.glance' : 'tidemark.round',
      {
        startTime: epochMs + startedMs,
        attributes: {
          'tidemark.namespace': namespace,
          'tidemark.outcome': outcome,
          'tidemark.tables': changes.map(({ table }) => table),
          'tidemark.keys': changes.reduce((sum, { keys }) => sum + (keys ?? 0), 0),
          'tidemark.whole_tables': changes.filter(({ keys }) => keys === null).length,
          ...(opened && { 'tidemark.generation': opened.generation }),
        },
      },
      ROOT_CONTEXT,
    );
    const below = trace.setSpan(ROOT_CONTEXT, span);
    for (const step of steps) {
      tracer
        .startSpan(`tidemark.${step.name}`, { startTime: epochMs + step.startedMs }, below)
        .end(epochMs + step.endedMs);
    }
    if (outcome === 'failed') {
      span.setStatus({ code: SpanStatusCode.ERROR, message: redact(reason ?? 'the round failed') });
    }
    span.end(epochMs + endedMs);
  };
}
