// `npm run mutate`: every mutation, or chosen ones. Fails when a test does not notice.
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { readOptions } from '../command-line.ts';
import { mutations } from './mutations.ts';
import { mutationTables, withMutations } from './mutations-table.ts';
import { tryMutations } from './try-mutations.ts';

const root = path.join(import.meta.dirname, '../..');
const usage = `Usage: npm run mutate -- [options]

  --only <name,name>  only the guards of these invariants and requirements: I3,#6
  --write             renew the tables in the documentation
`;

const { only, mustWrite } = readOptions(usage, (args) => {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string' }, write: { type: 'boolean', default: false } },
  });
  const only = values.only?.split(',');
  const unknown = only?.find((name) => !mutations.some(({ keeps }) => keeps === name));
  if (unknown !== undefined) throw new Error(`--only must name what a mutation keeps, got "${unknown}"`);
  return { only, mustWrite: values.write };
});
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
if (mustWrite) {
  for (const table of mutationTables) {
    const page = path.join(root, table.page);
    await writeFile(page, withMutations(await readFile(page, 'utf8'), table));
  }
}
process.exitCode = unnoticed === 0 ? 0 : 1;
