// The filter of a binding: `tenant_id=eq.1,status=not.in.(a,b)`. Owns its grammar, its recorded error texts and what each
// operator is in SQL. Pure; the comparison itself is PostgreSQL's, because equality belongs to the type.

const operators = {
  eq: '=',
  neq: '<>',
  lt: '<',
  lte: '<=',
  gt: '>',
  gte: '>=',
  like: 'like',
  ilike: 'ilike',
  match: '~',
  imatch: '~*',
  isdistinct: 'is distinct from',
} as const;

type SqlOperator = keyof typeof operators;
type FilterOperator = SqlOperator | 'in' | 'is';

const textOperators = new Set<FilterOperator>(['like', 'ilike', 'match', 'imatch']);
const isValues = new Set(['null', 'true', 'false', 'unknown']);

export interface Filter {
  readonly column: string;
  readonly operator: FilterOperator;
  /** Several for `in`. */
  readonly values: readonly string[];
  readonly isNegated: boolean;
}

export type ParsedFilters =
  | { readonly kind: 'filters'; readonly filters: readonly Filter[] }
  | { readonly kind: 'refused'; readonly message: string };

export function parseFilters(text: string): ParsedFilters {
  const filters: Filter[] = [];
  for (const condition of splitOutsideQuotes(text)) {
    const filter = parseCondition(condition);
    if (Array.isArray(filter)) {
      return { kind: 'refused', message: `Error parsing \`filter\` params: ${inspectList(filter)}` };
    }
    filters.push(filter);
  }
  return { kind: 'filters', filters };
}

/** The pieces that made no sense, for the message, if it is no condition. */
function parseCondition(condition: string): Filter | string[] {
  const equals = condition.indexOf('=');
  if (equals < 1) return [condition];
  const column = condition.slice(0, equals);
  let rest = condition.slice(equals + 1);
  const isNegated = rest.startsWith('not.');
  if (isNegated) rest = rest.slice('not.'.length);
  const dot = rest.indexOf('.');
  if (dot < 0) return [rest];
  const [operator, value] = [rest.slice(0, dot), rest.slice(dot + 1)];
  if (!isOperator(operator)) return [operator, value];
  if (operator === 'in') {
    const list = /^\((.*)\)$/s.exec(value)?.[1];
    if (list === undefined) return [operator, value];
    return { column, operator, values: splitOutsideQuotes(list).map(unquote), isNegated };
  }
  if (operator === 'is' && !isValues.has(value)) return [operator, value];
  return { column, operator, values: [unquote(value)], isNegated };
}

function isOperator(text: string): text is FilterOperator {
  return text === 'in' || text === 'is' || Object.hasOwn(operators, text);
}

/** At the commas that are neither inside double quotes nor inside parentheses. */
function splitOutsideQuotes(text: string): string[] {
  const parts: string[] = [];
  let [start, depth, isQuoted] = [0, 0, false];
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (isQuoted && character === '\\') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (!isQuoted && character === '(') depth += 1;
    else if (!isQuoted && character === ')') depth -= 1;
    else if (!isQuoted && depth === 0 && character === ',') {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}

function unquote(value: string): string {
  return /^".*"$/s.test(value) ? value.slice(1, -1).replaceAll(/\\(.)/gs, '$1') : value;
}

/** The SQL condition on `value` (text) of a column of `sqlType`, with the filter's values as parameter `$1` (text[]). */
export function filterCondition(filter: Filter, sqlType: string): string {
  const condition = positiveCondition(filter, sqlType);
  return `coalesce(${filter.isNegated ? `not (${condition})` : condition}, false)`;
}

function positiveCondition(filter: Filter, sqlType: string): string {
  const typed = `value::${sqlType}`;
  if (filter.operator === 'in') return `${typed} = any ($1::text[]::${sqlType}[])`;
  // One of four words, checked when it was parsed.
  if (filter.operator === 'is') return `${typed} is ${filter.values[0] ?? 'null'} and $1::text[] is not null`;
  const sql = operators[filter.operator];
  return textOperators.has(filter.operator)
    ? `${typed}::text ${sql} ($1::text[])[1]`
    : `${typed} ${sql} ($1::text[])[1]::${sqlType}`;
}

/** A query that fails as a comparison with the filter's values (`$1`) would. */
export function filterCheck(filter: Filter, sqlType: string): string {
  const isPattern = filter.operator === 'match' || filter.operator === 'imatch';
  if (isPattern) return `select '' ~ ($1::text[])[1]`;
  const isText = filter.operator === 'is' || textOperators.has(filter.operator);
  return isText ? 'select $1::text[]' : `select $1::text[]::${sqlType}[]`;
}

/** As Elixir prints the filters of a subscription, for the recorded error texts. */
export function inspectFilters(filters: readonly Filter[]): string {
  const items = filters.map(({ column, operator, values, isNegated }) => {
    const value = operator === 'in' ? `{${values.join(',')}}` : (values[0] ?? '');
    return `{${JSON.stringify(column)}, ${JSON.stringify(operator)}, ${JSON.stringify(value)}, ${isNegated}}`;
  });
  return `[${items.join(', ')}]`;
}

export function inspectList(items: readonly string[]): string {
  return `[${items.map((item) => JSON.stringify(item)).join(', ')}]`;
}
