// What PostgreSQL says about a statement, in words for a person: message, code, detail, hint, and the line it points at.
// Pure.

export interface SqlErrorDescription {
  /** `relation "x" does not exist (42P01)`, with detail and hint on lines of their own. */
  readonly message: string;
  /** Where PostgreSQL points to; only some errors point anywhere. */
  readonly line: { readonly number: number; readonly text: string; readonly column: number } | undefined;
}

interface PostgresErrorFields {
  readonly message?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly position?: string;
}

export function describeSqlError(error: unknown, statement: string): SqlErrorDescription {
  const fields = (error ?? {}) as PostgresErrorFields;
  const code = fields.code === undefined ? '' : ` (${fields.code})`;
  const message = [
    `${fields.message ?? String(error)}${code}`,
    ...(fields.detail === undefined ? [] : [`detail: ${fields.detail}`]),
    ...(fields.hint === undefined ? [] : [`hint: ${fields.hint}`]),
  ].join('\n');
  return { message, line: findLine(statement, fields.position) };
}

/** PostgreSQL counts characters from one, where a character outside the basic plane is one and not two. */
function findLine(statement: string, position: string | undefined): SqlErrorDescription['line'] {
  if (position === undefined) return undefined;
  const before = Array.from(statement)
    .slice(0, Number(position) - 1)
    .join('');
  const number = before.split('\n').length;
  const column = before.length - (before.lastIndexOf('\n') + 1);
  return { number, text: statement.split('\n')[number - 1] ?? '', column };
}
