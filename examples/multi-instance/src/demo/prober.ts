// Asks one instance all the time, one request after the other: what was changed and not answered anew yet comes first,
// everything else in turn. So that a stale answer is seen, wherever it is.
import { setTimeout as delay } from 'node:timers/promises';
import { textOfReply, type RouteReply } from '../answers/answer.ts';
import type { GivenAnswer } from '../answers/judge.ts';
import { machineMs } from '../machine-clock.ts';
import type { InstanceProcess } from '../processes/instance-process.ts';

export interface Answered extends GivenAnswer {
  readonly instance: string;
  readonly tenant: string;
  /** Undefined: the request failed. */
  readonly reply: RouteReply | undefined;
}

export interface ProberOptions {
  readonly instance: InstanceProcess;
  /** All tenants to ask for. */
  readonly tenants: () => readonly string[];
  /** Those to ask for first. */
  readonly awaited: () => ReadonlySet<string>;
  readonly pauseMs: number;
  readonly onAnswer: (answer: Answered) => void;
}

/** Of the requests for what is awaited, one in so many goes to the others all the same. */
const othersEvery = 4;

/** Resolves when the signal has ended it. */
export async function probe(options: ProberOptions, signal: AbortSignal): Promise<void> {
  const { instance, tenants, awaited, pauseMs, onAnswer } = options;
  let turn = 0;
  let awaitedTurn = 0;
  while (!signal.aborted) {
    const all = tenants();
    const urgent = [...awaited()];
    turn += 1;
    const isUrgent = urgent.length > 0 && turn % othersEvery !== 0;
    if (isUrgent) awaitedTurn += 1;
    const tenant = isUrgent ? urgent[awaitedTurn % urgent.length] : all[turn % all.length];
    if (tenant !== undefined) onAnswer(await ask(instance, tenant));
    await delay(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}

export async function ask(instance: InstanceProcess, tenant: string): Promise<Answered> {
  const startedMs = machineMs();
  const reply = await instance.route(tenant).catch(() => undefined);
  const text = reply && textOfReply(reply);
  return { instance: instance.name, tenant, reply, text, startedMs, endedMs: machineMs() };
}
