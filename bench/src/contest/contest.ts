// A contest: the same job done by several contestants, in turns. All of them are warm before the first round counts; in
// each round each runs one batch, alone, and the next round begins with another one (ABC, BCA, ...): what the machine
// does meanwhile hits all of them alike. What is reported are medians over rounds, and medians of ratios within a round.
import type { Times } from './contestant.ts';
import { ContestantProcess, type Entrant } from './contestant-process.ts';
import { median, type Spread, spreadOf } from './statistics.ts';

export interface ContestOptions {
  readonly entrants: readonly Entrant[];
  readonly rounds: number;
  /** A batch is made so large that it takes about this long. */
  readonly batchMs: number;
  /** Batches before the first that counts. */
  readonly warmUps: number;
  /** `processorMs` for what only computes; `elapsedMs` for what waits for others, too. */
  readonly time: keyof Times;
  /** A batch has at least so many jobs, and a multiple of them. Default 1. */
  readonly step?: number;
}

export class ContestResult {
  /** Nanoseconds for one job, by contestant, a figure per round. */
  readonly #samples: ReadonlyMap<string, readonly number[]>;

  constructor(samples: ReadonlyMap<string, readonly number[]>) {
    this.#samples = samples;
  }

  /** Nanoseconds for one job. */
  of(name: string): Spread {
    return spreadOf(this.#of(name));
  }

  /** Round by round, then the median: what disturbed both in a round disturbs no ratio. */
  ratio(name: string, other: string): number {
    const others = this.#of(other);
    return median(this.#of(name).map((sample, round) => sample / (others[round] ?? Number.NaN)));
  }

  /** @returns the one with the lowest median */
  best(names: readonly string[]): string {
    const [best] = [...names].sort((a, b) => this.of(a).median - this.of(b).median);
    if (best === undefined) throw new RangeError('the best of no contestants');
    return best;
  }

  #of(name: string): readonly number[] {
    const samples = this.#samples.get(name);
    if (samples === undefined) throw new Error(`no contestant is called "${name}"`);
    return samples;
  }
}

/** @throws Error when a contestant can't be opened, fails, or leaves a job without an answer */
export async function runContest(options: ContestOptions): Promise<ContestResult> {
  const { entrants, rounds, warmUps } = options;
  await using processes = new AsyncDisposableStack();
  const runners: Runner[] = [];
  for (const entrant of entrants) {
    const process = processes.use(await ContestantProcess.open(entrant));
    runners.push({ name: entrant.name, process, batch: await findBatch(process, options), samples: [] });
  }
  for (let round = -warmUps; round < rounds; round += 1) {
    for (const index of runners.keys()) {
      const runner = runners[(index + round + warmUps) % runners.length];
      if (runner === undefined) continue;
      const times = await runner.process.run(runner.batch);
      if (round >= 0) runner.samples.push((times[options.time] * 1e6) / runner.batch);
    }
  }
  return new ContestResult(new Map(runners.map(({ name, samples }) => [name, samples])));
}

interface Runner {
  readonly name: string;
  readonly process: ContestantProcess;
  readonly batch: number;
  readonly samples: number[];
}

/** Small at first, then so many as take the wished time; by the last of them, what is measured is compiled. */
async function findBatch(
  process: ContestantProcess,
  { batchMs, time, step = 1 }: ContestOptions,
): Promise<number> {
  let steps = 1;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const times = await process.run(steps * step);
    const growth = Math.min(mostGrowth, batchMs / Math.max(times[time], shortestMs));
    steps = Math.max(1, Math.round(steps * growth));
  }
  return steps * step;
}

const attempts = 12;
const mostGrowth = 8;
/** Below this a clock may not have moved. */
const shortestMs = 0.001;
