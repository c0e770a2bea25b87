import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';

test('a stack that others may reach is refused the secret that everybody knows', () => {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@tidemark/source', path.join(import.meta.dirname, 'stack.ts')],
    { encoding: 'utf8', env: { ...process.env, TIDEMARK_STACK_HOST: '0.0.0.0' } },
  );
  expect(status).toBe(1);
  expect(stderr).toContain('TIDEMARK_STACK_JWT_SECRET must be set with TIDEMARK_STACK_HOST');
});
