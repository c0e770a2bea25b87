// What runs in a process of its own and is timed there: one library doing one job. Each has its process, because two
// libraries in one would share inline caches, and the one measured later would pay for the one measured before.

export interface Contestant {
  /** Does the job so many times. @returns how many of them gave an answer: all, or the figures are of something else */
  run(count: number): number | Promise<number>;
  close?(): void | Promise<void>;
}

/** A module that makes contestants exports this. */
export interface ContestantModule {
  open(name: string, setting: unknown): Promise<Contestant>;
}

/** Beyond what JSON can carry nothing crosses the process boundary. */
export type Order =
  | { readonly kind: 'open'; readonly module: string; readonly name: string; readonly setting: unknown }
  | { readonly kind: 'run'; readonly count: number }
  | { readonly kind: 'close' };

export type Reply =
  | { readonly kind: 'opened' }
  | ({ readonly kind: 'ran' } & Times)
  | { readonly kind: 'closed' }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Times {
  readonly elapsedMs: number;
  /** Of the thread that runs the contestant: what others on the machine do is not in it, nor is waiting. */
  readonly processorMs: number;
}
