// Whether the tables that the configuration declares are tracked as it says. Pure: the declaration is what somebody wants,
// the watch is what PostgreSQL has.
import type { Watch } from '@tidemark/protocol';
import type { DeclaredTable } from '../config/tables-setting.ts';

/** One sentence for each that is not, with the command that writes the migration. */
export function declarationProblems(declared: readonly DeclaredTable[], watch: Watch): string[] {
  return declared.flatMap((wanted) => {
    const problem = problemOf(wanted, watch);
    return problem === null ? [] : [`${wanted.table} ${problem}: run ${trackCommand(wanted)}`];
  });
}

/** What is wrong with a table whose triggers are not whole is told by the watch itself. */
function problemOf({ table, key, prefixes }: DeclaredTable, watch: Watch): string | null {
  const followed = watch.get(table);
  if (followed === undefined) return 'is declared and not tracked, so that its changes are not seen';
  if (followed.isBestEffort === true) {
    return 'is declared, and followed by Realtime alone: no bound is promised there';
  }
  if (followed.key !== undefined && plain(followed.key) !== plain(key)) {
    return `is declared with the key ${key}, and tracked with the key ${followed.key}: entries of other keys would be dropped`;
  }
  const missing = prefixes.filter((prefix) => !followed.prefixes.includes(prefix));
  return missing.length === 0 ? null : `is tracked without the prefix ${missing.join(', ')}`;
}

/** Spaces mean nothing in an expression, but for those in literals: then the sentence is one too many. */
function plain(key: string): string {
  return key
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/ ?([(),[\]]) ?/g, '$1')
    .trim();
}

/** As a shell takes it. */
export function trackCommand({ table, key, prefixes }: DeclaredTable): string {
  const flags = prefixes.map((prefix) => ` --prefix ${quoted(prefix)}`);
  return `tidemark track ${quoted(table)} --key ${quoted(key)}${flags.join('')}`;
}

function quoted(word: string): string {
  return /^[\w.:/-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
