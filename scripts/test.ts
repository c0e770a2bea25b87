// `npm test`: the checks of verify, then every suite but the slow ones, which `npm run test:full` adds. Arguments go to
// vitest (`npm test -- --project process`).
// The last line counts all of it together, so that a log's end says whether the tree is good.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { describeContainerSuites } from './docker/container-suites.ts';
import { checkRequirements } from './requirements.ts';
import { runSteps } from './steps.ts';

const report = '.tidemark/vitest.json';
const given = process.argv.slice(2);
const isFull = given.includes('--full');
const chosen = given.filter((argument) => argument !== '--full');
const selection = isFull || chosen.includes('--project') ? chosen : ['--project', '!slow', ...chosen];

const checks = await runSteps();

mkdirSync('.tidemark', { recursive: true });
const vitest = spawn(
  'node_modules/.bin/vitest',
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...selection],
  { stdio: 'inherit' },
);
const { promise: ended, resolve } = Promise.withResolvers<number>();
vitest.on('close', (code) => resolve(code ?? 1));
const exitCode = await ended;

const suites = JSON.parse(readFileSync(report, 'utf8')) as Record<string, number>;
const passed = checks.passed + (suites['numPassedTests'] ?? 0);
// A crash outside a test (an unhandled rejection, say) fails the run without failing a test: count it.
const failedTests = suites['numFailedTests'] ?? 0;
// A part of the tests proves a part of the rows.
const gaps = chosen.length === 0 ? checkRequirements(report) : [];
for (const gap of gaps) console.log(`FAIL ${gap}`);
const failed = checks.failed + gaps.length + (exitCode !== 0 && failedTests === 0 ? 1 : failedTests);
const skipped = suites['numPendingTests'] ?? 0;
for (const sentence of describeContainerSuites(report)) console.log(sentence);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;
