// Where outside data becomes a type: what callers give and what the source holds. Owns the wording of the refusals,
// `tasks[0].temperature must be a number of at least 0, got "hot"`; never repairs a value.
import type * as z from 'zod';
import { InvalidInputError, InvalidRowError } from '../errors.ts';

/** Deeper than any schema accepts, so that the schemas say what is wrong above it; far from where the stack ends. */
const maxDepth = 100;
const depthRule = `${maxDepth} times at most, got more`;

/**
 * Checks what a caller gave. A field that is present but undefined counts as absent, as TypeScript callers expect.
 *
 * @param name opens the message when the whole input is of the wrong kind, e.g. `policy`
 * @throws InvalidInputError naming every field that breaks a rule
 */
export function parseInput<T>(schema: z.ZodType<T>, name: string, input: unknown): T {
  if (isDeeperThan(maxDepth, input)) throw new InvalidInputError(`${name} must be nested ${depthRule}`);
  const given = dropAbsent(input, (value) => value === undefined);
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new InvalidInputError(describe(result.error, name, given));
}

/**
 * Checks what the source holds. SQL null means absent.
 *
 * @param where names the row, e.g. `copilot_internal.tenant_llm_policies of "t1"`
 * @throws InvalidRowError naming every field that breaks a rule
 */
export function parseRow<T>(schema: z.ZodType<T>, where: string, row: unknown): T {
  if (isDeeperThan(maxDepth, row)) {
    throw new InvalidRowError(`the row in ${where} can't be used: it must be nested ${depthRule}`);
  }
  return parsePresent(schema, where, dropAbsent(row, isSqlAbsent));
}

/**
 * The same for a row that holds JSON of its users: there null is a value, only a whole column is absent.
 *
 * @throws InvalidRowError
 */
export function parseRowWithJson<T>(schema: z.ZodType<T>, where: string, row: unknown): T {
  if (!isPlainObject(row)) return parsePresent(schema, where, row);
  const present = Object.entries(row).filter(([, column]) => !isSqlAbsent(column));
  return parsePresent(schema, where, Object.fromEntries(present));
}

function parsePresent<T>(schema: z.ZodType<T>, where: string, given: unknown): T {
  const result = schema.safeParse(given);
  if (result.success) return result.data;
  throw new InvalidRowError(`the row in ${where} can't be used: ${describe(result.error, 'it', given)}`);
}

function isSqlAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Ends at the first way down that is too long, so that a circle is found at once. */
function isDeeperThan(depth: number, value: unknown): boolean {
  if (!Array.isArray(value) && !isPlainObject(value)) return false;
  return depth === 0 || Object.values(value).some((field) => isDeeperThan(depth - 1, field));
}

function dropAbsent(value: unknown, isAbsent: (value: unknown) => boolean): unknown {
  if (Array.isArray(value)) return value.map((item: unknown) => dropAbsent(item, isAbsent));
  if (!isPlainObject(value)) return value;
  const present = Object.entries(value).filter(([, field]) => !isAbsent(field));
  return Object.fromEntries(present.map(([key, field]) => [key, dropAbsent(field, isAbsent)]));
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function describe(error: z.ZodError, name: string, given: unknown): string {
  return error.issues.map((issue) => describeIssue(issue, name, given)).join('; ');
}

function describeIssue(issue: z.core.$ZodIssue, name: string, given: unknown): string {
  const path = formatPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const keys = issue.keys.map((key) => JSON.stringify(key)).join(', ');
    return `${path === '' ? name : path} must hold known fields only, got ${keys}`;
  }
  return `${path === '' ? name : path} ${issue.message}, got ${show(valueAt(given, issue.path))}`;
}

function formatPath(path: readonly PropertyKey[]): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    const field = String(step);
    if (!/^[A-Za-z_]\w*$/.test(field)) return `${text}[${JSON.stringify(field)}]`;
    return text === '' ? field : `${text}.${field}`;
  }, '');
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value = given;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[step];
  }
  return value;
}

/** A value in a message: short, so that a message never carries a whole row into a log. */
function show(value: unknown): string {
  if (typeof value === 'string') {
    return value.length <= 60 ? JSON.stringify(value) : `${JSON.stringify(value.slice(0, 60))}…`;
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
