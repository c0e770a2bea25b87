// The two moments at which a cache without proofs goes wrong, each brought about on purpose: a message that is lost, and a
// load that ends after the invalidation of what it read.
import { until } from '@tidemark/devstack';
import { sleep, systemClock } from '@tidemark/protocol';
import { type Outcome, outcomeOf, unansweredOf } from './outcome.ts';
import type { Pair } from './pair.ts';

export interface Lengths {
  /** From the write to the healing; the reader reads on. */
  readonly cutMs: number;
  /** In which it is seen what is read. */
  readonly windowMs: number;
  /** From the write to the end of the load: time for the message to arrive before it. */
  readonly delayMs: number;
}

export interface LostMessage {
  readonly outcome: Outcome;
  /** From the commit to the last stale read. */
  readonly staleMs: number;
  /** The share of the reads during the cut that got an error, or nothing in time; null where the process ended, or nothing was cut. */
  readonly unanswered: number | null;
}

/** The reader holds a row; while it hears nothing, the writer changes it. */
export async function loseMessage(pair: Pair, key: string, lengths: Lengths): Promise<LostMessage> {
  const { cutMs, windowMs } = lengths;
  const [writer, reader] = [await pair.writer(), await pair.reader()];
  await writer.write(key, 1);
  // Twice, and the writer too: whoever stores or announces only at a second read has done so.
  for (const instance of [reader, writer, reader, writer]) await instance.read(key);
  const { front } = pair;
  const hadConnections = front.counts.open > 0;
  await front.cut();
  await until(() => front.counts.open === 0, { what: 'the connections to be cut' });
  const committedMs = await writer.write(key, 2);
  const meanwhile = await reader.keepReading(key, 2, cutMs);
  await front.heal();
  if (meanwhile === null) return { outcome: 'ended', staleMs: 0, unanswered: null };
  // Who has not come back yet could not know better.
  if (hadConnections) await until(() => front.counts.open > 0, { what: 'the reader to connect again' });
  const readings = await reader.keepReading(key, 2, windowMs);
  const lastMs = readings?.lastStaleMs ?? meanwhile.lastStaleMs ?? committedMs;
  return {
    outcome: outcomeOf(readings),
    staleMs: Math.max(0, lastMs - committedMs),
    unanswered: hadConnections ? unansweredOf(meanwhile) : null,
  };
}

export interface LateLoad {
  /** What the reader, whose load it was, went on with. */
  readonly own: Outcome;
  /** What the writer reads next: its own L1 is empty, and L2 has what the load left there. */
  readonly shared: Outcome;
}

/** The reader has read the row and not yet stored it, when the writer changes and invalidates it. */
export async function endLoadLate(pair: Pair, key: string, lengths: Lengths): Promise<LateLoad> {
  const { delayMs, windowMs } = lengths;
  const [writer, reader] = [await pair.writer(), await pair.reader()];
  await writer.write(key, 1);
  await reader.begin(key);
  await writer.write(key, 2);
  await sleep(systemClock, delayMs);
  await reader.end(key);
  const [own, shared] = await Promise.all([
    reader.keepReading(key, 2, windowMs),
    writer.keepReading(key, 2, windowMs),
  ]);
  return { own: outcomeOf(own), shared: outcomeOf(shared) };
}
