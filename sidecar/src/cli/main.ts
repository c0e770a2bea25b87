#!/usr/bin/env node
// The process of `tidemark`: the only file of it that reads arguments, environment and signals. Exits with what the
// command returned, after everything it wrote has left.
import { systemClock } from '@tidemark/protocol';
import { runCli } from './run-cli.ts';

const stopping = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());

// `tidemark tail | head` closes the pipe: that is the end, and no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  stopping.abort();
});

process.exitCode = await runCli({
  args: process.argv.slice(2),
  env: process.env,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  clock: systemClock,
  signal: stopping.signal,
});
