import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { collectRows } from './command-line.ts';

interface Row {
  readonly name: string;
  readonly isGood: boolean;
  readonly examples: readonly string[];
}

const good: Row = { name: 'good', isGood: true, examples: ['of no interest'] };
const bad: Row = { name: 'bad', isGood: false, examples: ['read too late'] };

test('a run tells its rows as they come, and what was judged before it failed', async () => {
  const told: string[] = [];
  const { rows, failure, isStopped } = await collectRows<Row>({
    run: async ({ onRow }) => {
      onRow(good);
      onRow(bad);
      throw new Error('the stack went away');
    },
    rowLine: ({ name }) => name,
    tell: (text) => told.push(text),
  });
  expect(told).toEqual(['good', 'bad', '        read too late']);
  expect(rows).toEqual([good, bad]);
  expect(failure?.message).toBe('the stack went away');
  expect(isStopped).toBe(false);
});

test('a run that is told to stop ends by itself, and tells that it was', async () => {
  const { failure, isStopped } = await collectRows<Row>({
    run: async ({ signal }) => {
      process.emit('SIGHUP');
      expect(signal.aborted).toBe(true);
    },
    rowLine: () => '',
    tell: () => undefined,
  });
  expect(failure).toBeUndefined();
  expect(isStopped).toBe(true);
});

test.each(['model', 'spec'])(
  'proof/%s shows its usage when it is asked, and refuses what it does not know',
  (run) => {
    const main = path.join(import.meta.dirname, run, 'main.ts');
    const call = (argument: string): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, ['--conditions=@tidemark/source', main, argument], { encoding: 'utf8' });
    expect(call('--help')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^Usage: npm run /) });
    const refusal = call('--sed');
    expect(refusal.status).toBe(2);
    expect(refusal.stderr).toMatch(/'--sed'[\s\S]*Usage: npm run /);
  },
);
