// How the working process is lost, and how it comes back. A fault says what it does to that process; the update replaces
// every process by a new one.
import type { Contender, Environment } from './contender.ts';

export interface TakeoverFault {
  readonly kind: 'fault';
  readonly name: string;
  readonly what: string;
  /** To the working process. The time counts from `begun`, or from the call. */
  readonly breaks: (worker: Contender, begun: () => void) => unknown;
  /** After another one has taken over. */
  readonly heals: (worker: Contender) => unknown;
}

export interface RollingUpdate {
  readonly kind: 'update';
  readonly name: string;
  readonly what: string;
  /** What the new ones are started with; every second time, so that each update changes it. */
  readonly environment: Environment;
}

export type TakeoverCase = TakeoverFault | RollingUpdate;

const restart = (worker: Contender): Promise<void> => worker.start();

interface Partition {
  readonly name: string;
  readonly what: string;
  readonly act: 'cut' | 'silence';
  readonly sides: readonly Side[];
}

function partition({ name, what, act, sides }: Partition): TakeoverFault {
  return {
    kind: 'fault',
    name,
    what,
    async breaks({ parts }) {
      for (const side of sides) await parts[side][act]();
    },
    async heals({ parts }) {
      for (const side of sides) await parts[side].heal();
    },
  };
}

type Side = 'redisProxy' | 'databaseProxy';

export const faults: readonly TakeoverFault[] = [
  {
    kind: 'fault',
    name: 'SIGTERM',
    what: 'the working one ends in order, and comes back',
    breaks: (worker, begun) => worker.leave(begun),
    heals: restart,
  },
  {
    kind: 'fault',
    name: 'kill -9',
    what: 'the working one is killed, and comes back',
    breaks: (worker) => worker.kill(),
    heals: restart,
  },
  {
    kind: 'fault',
    name: 'SIGSTOP',
    what: 'the working one stands still until another works, then goes on and believes that it still does',
    breaks: (worker) => worker.signal('SIGSTOP'),
    heals: (worker) => worker.signal('SIGCONT'),
  },
  partition({
    name: 'Redis cut',
    what: 'its connections to Redis are reset and refused',
    act: 'cut',
    sides: ['redisProxy'],
  }),
  partition({
    name: 'Redis silent',
    what: 'its connections to Redis stay open, nothing passes',
    act: 'silence',
    sides: ['redisProxy'],
  }),
  partition({
    name: 'PostgreSQL cut',
    what: 'its connections to PostgreSQL are reset and refused; Redis hears from it',
    act: 'cut',
    sides: ['databaseProxy'],
  }),
  partition({
    name: 'PostgreSQL silent',
    what: 'its connections to PostgreSQL stay open, nothing passes',
    act: 'silence',
    sides: ['databaseProxy'],
  }),
  partition({
    name: 'both cut',
    what: 'both are reset and refused',
    act: 'cut',
    sides: ['redisProxy', 'databaseProxy'],
  }),
  partition({
    name: 'both silent',
    what: 'both stay open, nothing passes',
    act: 'silence',
    sides: ['redisProxy', 'databaseProxy'],
  }),
];

export const update: RollingUpdate = {
  kind: 'update',
  name: 'rolling update',
  what: 'each in turn: a new one starts, the old one gets SIGTERM',
  environment: {},
};

/** @param roundEveryMs of the new ones */
export function updateOfPeriod(roundEveryMs: number): RollingUpdate {
  return {
    kind: 'update',
    name: 'rolling update, other period',
    what: `the same; the new ones come with a period of ${roundEveryMs} ms, and the next time with the old one`,
    environment: { TIDEMARK_ROUND_EVERY: `${roundEveryMs}ms` },
  };
}
