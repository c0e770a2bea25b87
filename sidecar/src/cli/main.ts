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

const exitCode = await runCli({
  args: process.argv.slice(2),
  env: process.env,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  clock: systemClock,
  signal: stopping.signal,
});

// Not by itself: supabase-js leaves a timer of ten seconds behind each Realtime connection that it has closed.
await Promise.all([process.stdout, process.stderr].map(written));
process.exit(exitCode);

function written(stream: NodeJS.WriteStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.write('', () => resolve());
  return promise;
}
