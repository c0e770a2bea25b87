// One call of `tidemark` inside the test's own process.
import { systemClock } from '@tidemark/protocol';
import { runCli } from '../cli/run-cli.ts';
import type { Environment } from '../config/setting-source.ts';
import type { TidemarkOutcome } from './tidemark-process.ts';

export async function callTidemark(args: readonly string[], env: Environment = {}): Promise<TidemarkOutcome> {
  let out = '';
  let err = '';
  const code = await runCli({
    args,
    env,
    out: (line) => (out += `${line}\n`),
    err: (line) => (err += `${line}\n`),
    clock: systemClock,
    signal: new AbortController().signal,
  });
  return { code, out, err };
}
