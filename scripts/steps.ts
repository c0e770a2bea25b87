// The steps of `npm test`, each a command with a name; one place that says what "green" means.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { glob } from 'node:fs/promises';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const verify: readonly Step[] = [
  { name: 'format', command: ['oxfmt', '--check', '.'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', '.'] },
  { name: 'types', command: ['tsc', '-b'] },
  { name: 'examples in the docs', command: [process.execPath, 'scripts/doc-examples.ts'] },
  { name: 'dead code', command: ['knip', '--no-progress'] },
];

/** The package checks look at what users would install, so they come after the build. */
async function packageChecks(): Promise<Step[]> {
  const steps: Step[] = [];
  for await (const manifest of glob('packages/{protocol,cache,engine,stores}/package.json')) {
    const folder = path.dirname(manifest);
    steps.push(
      { name: `publint ${folder}`, command: ['publint', '--strict', '--pack', 'false', folder] },
      { name: `types of ${folder}`, command: ['attw', '--pack', folder, '--profile', 'esm-only'] },
    );
  }
  return steps;
}

/**
 * Runs the checks one after the other and prints a line for each; the output of a check is shown when it fails.
 *
 * @returns whether all of them passed
 */
export async function runSteps(): Promise<{ passed: number; failed: number }> {
  const result = { passed: 0, failed: 0 };
  for (const step of [...verify, ...(await packageChecks())]) {
    const { isOk, output } = await run(step.command);
    console.log(`${isOk ? 'ok  ' : 'FAIL'} ${step.name}`);
    if (!isOk) console.log(output);
    result[isOk ? 'passed' : 'failed'] += 1;
  }
  return result;
}

function run(command: readonly string[]): Promise<{ isOk: boolean; output: string }> {
  const [program = '', ...commandArguments] = command;
  const { promise, resolve, reject } = Promise.withResolvers<{ isOk: boolean; output: string }>();
  const child = spawn(path.resolve('node_modules', '.bin', program), commandArguments, {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.on('error', reject);
  child.on('close', (code) => resolve({ isOk: code === 0, output }));
  return promise;
}
