// The suffix of a test file says what it needs (convention 25); each need is a project of its own, so that one can
// be run alone: `npm test -- --project process`.
import { defineConfig } from 'vitest/config';

const needs = {
  process: {
    include: ['**/src/**/*.test.ts', 'proof/**/*.test.ts'],
    exclude: ['**/*.{stack,fault,slow,container}.test.ts'],
  },
  stack: { include: ['**/*.stack.test.ts'], exclude: [] },
  fault: { include: ['**/*.fault.test.ts'], exclude: [] },
  // A Docker engine; skipped where none answers.
  container: {
    include: ['**/*.container.test.ts'],
    exclude: [],
    globalSetup: ['scripts/docker/container-setup.ts'],
  },
  // Minutes each; `npm run test:full` has them, `npm test` has not.
  slow: { include: ['**/*.slow.test.ts'], exclude: [] },
};
const never = ['**/node_modules/**', '**/dist/**', '.tidemark/**'];

export default defineConfig({
  resolve: { conditions: ['@tidemark/source'] },
  ssr: { resolve: { conditions: ['@tidemark/source'] } },
  test: {
    projects: Object.entries(needs).map(([name, { exclude, ...need }]) => ({
      extends: true,
      test: {
        name,
        ...need,
        exclude: [...never, ...exclude],
        // Real servers start in the hooks; a slow machine must not turn that into a red test.
        testTimeout: name === 'process' ? 20_000 : 120_000,
        hookTimeout: 120_000,
        // Each stack is a PostgreSQL, a Redis and a gateway: two files at a time are what two cores carry.
        maxWorkers: 2,
      },
    })),
  },
});
