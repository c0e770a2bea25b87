// The loop around a read that is timed: the same text for every contestant, compiled in the process of each for it alone.
// Keys come in an order that has nothing to do with the order in which they were stored.
import type { Contestant } from '../contest/contestant.ts';

export interface HitSetting {
  /** Entries in L1, all of them read in turn. */
  readonly keys: number;
}

/** What is cached: about the size of a policy. */
export interface Policy {
  readonly tenantId: string;
  readonly defaultModel: string;
  readonly defaultProvider: string;
  readonly allowRemoteEgress: boolean;
  readonly tasks: readonly { readonly task: string; readonly model: string; readonly temperature: number }[];
}

export function policyOf(tenantId: string): Policy {
  return {
    tenantId,
    defaultModel: 'large-2',
    defaultProvider: 'local',
    allowRemoteEgress: false,
    tasks: [
      { task: 'summarise', model: 'small-1', temperature: 0.2 },
      { task: 'translate', model: 'small-2', temperature: 0 },
      { task: 'draft', model: 'large-1', temperature: 0.7 },
    ],
  };
}

/** Jumps through the keys by a step that shares no divisor with their number, so that each comes once in a turn. */
export function keysOf({ keys }: HitSetting): readonly string[] {
  const step = 7_919;
  if (keys % step === 0)
    throw new RangeError(`the number of keys must not be a multiple of ${step}, got ${keys}`);
  return Array.from({ length: keys }, (_, index) => `tenant-${(index * step) % keys}`);
}

export function readInTurn(keys: readonly string[], read: (key: string) => unknown): Contestant {
  let next = 0;
  return {
    run(count) {
      let answers = 0;
      for (let done = 0; done < count; done += 1) {
        const value = read(keys[next] as string);
        if (value !== undefined && value !== null) answers += 1;
        next = next + 1 === keys.length ? 0 : next + 1;
      }
      return answers;
    },
  };
}

export function awaitInTurn(
  keys: readonly string[],
  read: (key: string) => PromiseLike<unknown>,
): Contestant {
  let next = 0;
  return {
    async run(count) {
      let answers = 0;
      for (let done = 0; done < count; done += 1) {
        const value = await read(keys[next] as string);
        if (value !== undefined && value !== null) answers += 1;
        next = next + 1 === keys.length ? 0 : next + 1;
      }
      return answers;
    },
  };
}
