// `npm run mutate`: every mutation, or those of `--only=I3,#6`. Fails when a test does not notice. `--write` renews the
// tables in the documentation.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mutations } from './mutations.ts';
import { mutationTables, withMutations } from './mutations-table.ts';
import { tryMutations } from './try-mutations.ts';

const root = path.join(import.meta.dirname, '../..');
const only = process.argv
  .find((argument) => argument.startsWith('--only='))
  ?.slice(7)
  .split(',');
const chosen = mutations.filter(({ keeps }) => only?.includes(keeps) ?? true);
const results = await tryMutations(root, chosen, ({ mutation, verdict }) => {
  const { keeps, file, test } = mutation;
  const reason = verdict.kind === 'void' ? ` (${verdict.reason})` : '';
  console.log(`${verdict.kind.padEnd(5)} ${keeps.padEnd(4)} ${file}: ${test.name}${reason}`);
});
const unnoticed = results.filter(({ verdict }) => verdict.kind !== 'red').length;
console.log(
  `${results.length - unnoticed} of ${results.length} guards are missed by a test when they are gone`,
);
if (process.argv.includes('--write')) {
  for (const table of mutationTables) {
    const page = path.join(root, table.page);
    await writeFile(page, withMutations(await readFile(page, 'utf8'), table));
  }
}
process.exitCode = unnoticed === 0 ? 0 : 1;
