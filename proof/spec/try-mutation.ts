// Applies one mutation in a private clone, runs the test that it names, and says whether the test has noticed.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { type Mutation, mutate, type NamedTest, patternOf } from './mutation.ts';

export type Verdict =
  | { readonly kind: 'red' }
  /** The test passes without the guard. */
  | { readonly kind: 'green' }
  /** The test can't say anything: it is not there, does not load, or fails with the guard in its place as well. */
  | { readonly kind: 'void'; readonly reason: string };

interface TestReport {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly { readonly title: string; readonly status: string }[];
  }[];
}

export async function tryMutation(folder: string, mutation: Mutation): Promise<Verdict> {
  const before = await runTest(folder, mutation.test);
  if (before.failed > 0 || before.passed === 0) {
    return { kind: 'void', reason: `with the guard in its place: ${JSON.stringify(before)}` };
  }
  const file = path.join(folder, mutation.file);
  const text = await readFile(file, 'utf8');
  await writeFile(file, mutate(text, mutation));
  try {
    const { passed, failed, message } = await runTest(folder, mutation.test);
    if (failed > 0) return { kind: 'red' };
    return passed > 0 ? { kind: 'green' } : { kind: 'void', reason: `nothing was run: ${message}` };
  } finally {
    await writeFile(file, text);
  }
}

async function runTest(
  folder: string,
  test: NamedTest,
): Promise<{ readonly passed: number; readonly failed: number; readonly message: string }> {
  const output = path.join(folder, '.tidemark', 'mutation.json');
  const vitest = path.join(folder, 'node_modules/.bin/vitest');
  const chosen = ['run', test.file, '--testNamePattern', patternOf(test), '--testTimeout=20000'];
  await writeFile(output, '{"testResults":[]}');
  // A red test ends the program with an error: the report says what there is to know.
  await promisify(execFile)(vitest, [...chosen, '--reporter=json', `--outputFile=${output}`], {
    cwd: folder,
    maxBuffer: 64 * 1_048_576,
  }).catch(() => {});
  const { testResults } = JSON.parse(await readFile(output, 'utf8')) as TestReport;
  const results = testResults.flatMap(({ assertionResults }) => assertionResults);
  const count = (status: string): number => results.filter((result) => result.status === status).length;
  const message = testResults.map((result) => result.message).join('; ');
  return { passed: count('passed'), failed: count('failed'), message };
}
