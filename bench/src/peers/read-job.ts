// The jobs that are timed, written once: the same loop for every contestant, compiled in the process of each for it alone.
// Keys come in an order that has nothing to do with the order in which they were stored.
import type { Contestant } from '../contest/contestant.ts';

/**
 * - `peek`: a synchronous read of an entry in L1
 * - `get`: the same, awaited
 * - `l2`: a read of a value that Redis has and L1 has not, one after the other
 * - `l2-together`: a hundred of them in one tick
 * - `l2-many`: a hundred in one call
 * - `cold`: a read of a key that nobody has; the source answers at once, and the value is stored
 */
export type Job = 'peek' | 'get' | 'l2' | 'l2-together' | 'l2-many' | 'cold';

export interface ReadSetting {
  /** Different keys, read in turn. */
  readonly keys: number;
  /** Entries that L1 may hold: fewer than keys, and every read passes it. */
  readonly l1Entries: number;
  readonly redisUrl?: string;
  /** Of every key in Redis: contestants do not meet there. */
  readonly prefix: string;
}

export interface Reader {
  readonly source: Source;
  readonly peek?: (key: string) => unknown;
  readonly get: (key: string) => Promise<unknown>;
  readonly getMany?: (keys: readonly string[]) => Promise<readonly unknown[]>;
  readonly close?: () => void | Promise<void>;
}

/** How many are read together. */
export const together = 100;

/** What is cached: about the size of a policy. */
export interface Policy {
  readonly tenantId: string;
  readonly defaultModel: string;
  readonly defaultProvider: string;
  readonly allowRemoteEgress: boolean;
  readonly tasks: readonly { readonly task: string; readonly model: string; readonly temperature: number }[];
}

/** Where the values are; answers at once. Counts, so that no job is another one in secret. */
export class Source {
  loads = 0;

  load(tenantId: string): Policy {
    this.loads += 1;
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
}

/** Reads every key twice, so that whoever has levels has it in them and Redis knows who reads; then makes the job. */
export async function readJob(job: Job, setting: ReadSetting, reader: Reader): Promise<Contestant> {
  const keys = keysOf(setting.keys);
  if (job !== 'cold') for (const key of [...keys, ...keys]) await reader.get(key);
  const run = runnerOf(job, keys, reader);
  return {
    async run(count) {
      const before = reader.source.loads;
      const running = run(count);
      const answers = typeof running === 'number' ? running : await running;
      const loads = reader.source.loads - before;
      const expected = job === 'cold' ? count : 0;
      if (loads !== expected)
        throw new Error(`the job "${job}" must load ${expected} times, it loaded ${loads}`);
      return answers;
    },
    ...(reader.close === undefined ? {} : { close: reader.close }),
  };
}

function runnerOf(job: Job, keys: readonly string[], { peek, get, getMany }: Reader): Contestant['run'] {
  switch (job) {
    case 'peek':
      return runPeek(keys, mustHave(job, peek));
    case 'get':
    case 'l2':
      return runGet(turnThrough(keys), get);
    case 'l2-together':
      return runTogether(turnThrough(keys), get);
    case 'l2-many':
      return runMany(turnThrough(keys), mustHave(job, getMany));
    case 'cold':
      return runGet(newKeys(), get);
    default:
      return job satisfies never;
  }
}

function runPeek(keys: readonly string[], peek: (key: string) => unknown): Contestant['run'] {
  let next = 0;
  return (count) => {
    let answers = 0;
    for (let done = 0; done < count; done += 1) {
      if (isAnswer(peek(keys[next] as string))) answers += 1;
      next = next + 1 === keys.length ? 0 : next + 1;
    }
    return answers;
  };
}

function runGet(nextKey: () => string, get: Reader['get']): Contestant['run'] {
  return async (count) => {
    let answers = 0;
    for (let done = 0; done < count; done += 1) if (isAnswer(await get(nextKey()))) answers += 1;
    return answers;
  };
}

function runTogether(nextKey: () => string, get: Reader['get']): Contestant['run'] {
  return runMany(nextKey, (keys) => Promise.all(keys.map(get)));
}

function runMany(nextKey: () => string, getMany: NonNullable<Reader['getMany']>): Contestant['run'] {
  return async (count) => {
    let answers = 0;
    for (let done = 0; done < count; done += together) {
      const values = await getMany(Array.from({ length: together }, nextKey));
      answers += values.filter(isAnswer).length;
    }
    return answers;
  };
}

function isAnswer(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function turnThrough(keys: readonly string[]): () => string {
  let next = 0;
  return () => {
    const key = keys[next] as string;
    next = next + 1 === keys.length ? 0 : next + 1;
    return key;
  };
}

function newKeys(): () => string {
  let made = 0;
  return () => `new-${(made += 1)}`;
}

/** By a step that shares no divisor with their number, so that each comes once in a turn. */
const step = 7_919;

function keysOf(count: number): readonly string[] {
  if (count % step === 0) throw new RangeError(`keys must not be a multiple of ${step}, got ${count}`);
  return Array.from({ length: count }, (_, index) => `tenant-${(index * step) % count}`);
}

function mustHave<T>(job: Job, part: T | undefined): T {
  if (part === undefined) throw new Error(`this contestant has nothing for the job "${job}"`);
  return part;
}
