// `npm run mutate`: every mutation, or those of `--only=I3,I4`. Fails when a test does not notice. `--write` renews the
// table in docs/SPEC.md.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mutations } from './mutations.ts';
import { withMutations } from './mutations-table.ts';
import { tryMutations } from './try-mutations.ts';

const root = path.join(import.meta.dirname, '../..');
const only = process.argv
  .find((argument) => argument.startsWith('--only='))
  ?.slice(7)
  .split(',');
const chosen = mutations.filter(({ invariant }) => only?.includes(invariant) ?? true);
const results = await tryMutations(root, chosen, ({ mutation, verdict }) => {
  const { invariant, file, test } = mutation;
  const reason = verdict.kind === 'void' ? ` (${verdict.reason})` : '';
  console.log(`${verdict.kind.padEnd(5)} ${invariant.padEnd(4)} ${file}: ${test.name}${reason}`);
});
const unnoticed = results.filter(({ verdict }) => verdict.kind !== 'red').length;
console.log(
  `${results.length - unnoticed} of ${results.length} guards are missed by a test when they are gone`,
);
if (process.argv.includes('--write')) {
  const page = path.join(root, 'docs/SPEC.md');
  await writeFile(page, withMutations(await readFile(page, 'utf8')));
}
process.exitCode = unnoticed === 0 ? 0 : 1;
