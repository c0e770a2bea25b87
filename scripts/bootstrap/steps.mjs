// What every step of the bootstrap shares: where things are, how a step is announced, how it fails.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');

/** The private folder of the checkout: toolchain, stamps, caches. Deleting it is always safe. */
export const privateFolder = path.join(root, '.tidemark');

/** Progress goes to stderr: stdout belongs to the program that is started afterwards. */
export function say(sentence) {
  process.stderr.write(`tidemark: ${sentence}\n`);
}

/** @returns {never} */
export function fail(sentence) {
  say(sentence);
  process.exit(1);
}

/** Runs a command to its end; its output is shown only when it failed. */
export function run(command, commandArguments, options = {}) {
  const result = spawnSync(command, commandArguments, { cwd: root, encoding: 'utf8', ...options });
  if (result.error === undefined && result.status === 0) return;
  process.stderr.write(`${result.stdout ?? ''}${result.stderr ?? ''}`);
  fail(`"${command} ${commandArguments.join(' ')}" failed${result.error ? `: ${result.error.message}` : ''}`);
}

/** True when the step `name` was completed for exactly this `state` (versions, hashes). */
export function isDone(name, state) {
  try {
    return readFileSync(path.join(privateFolder, `${name}.stamp`), 'utf8') === state;
  } catch {
    return false;
  }
}

export function markDone(name, state) {
  mkdirSync(privateFolder, { recursive: true });
  writeFileSync(path.join(privateFolder, `${name}.stamp`), state);
}
