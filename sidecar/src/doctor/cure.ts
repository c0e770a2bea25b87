// The migration that `--fix` writes: every cure that is SQL, each under the sentence it mends. Pure; nobody runs it here.
import type { Finding } from './finding.ts';

/** Null when nothing that was found can be mended by SQL. */
export function cureSql(findings: readonly Finding[]): string | null {
  const seen = new Set<string>();
  const parts = findings.flatMap(({ sentence, sql = [] }) => {
    const fresh = sql.filter((statement) => !seen.has(statement));
    for (const statement of fresh) seen.add(statement);
    return fresh.length === 0 ? [] : [[...commentOf(sentence), ...fresh].join('\n')];
  });
  if (parts.length === 0) return null;
  return [
    '-- Mends what tidemark doctor found: read it before you apply it.',
    '-- Triggers wait for transactions that wrote their table, and new writers wait for them: hence the timeout.',
    `set lock_timeout = '5s';`,
    '',
    ...parts.flatMap((part) => [part, '']),
    'reset lock_timeout;',
    '',
  ].join('\n');
}

/** A sentence may quote a name or a key that holds line breaks. */
function commentOf(sentence: string): string[] {
  return sentence.split(/\r?\n/).map((line) => `-- ${line}`);
}
