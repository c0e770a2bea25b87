// A real `tidemark` process, with nothing but the given environment.
import path from 'node:path';
import { NodeProcess } from './node-process.ts';

const mainFile = path.join(import.meta.dirname, '..', 'cli', 'main.ts');

export class TidemarkProcess extends NodeProcess {
  constructor(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    super(mainFile, args, env);
  }

  /** As `| head` does when it has enough. */
  closeOutput(): void {
    this.child.stdout?.destroy();
  }
}

export interface TidemarkOutcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs one command to its end. */
export async function runTidemark(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<TidemarkOutcome> {
  await using process = new TidemarkProcess(args, env);
  const { code } = await process.exited;
  return { code, out: process.out, err: process.err };
}
