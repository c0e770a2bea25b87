// The configuration file as a place of settings: YAML in, the same texts out that flags and variables hold, each with the
// line it stands on. Refuses secrets that stand in it, and keys that mean nothing.
import nodePath from 'node:path';
import { type Document, isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml';
import type * as z from 'zod';
import { fileSchema, keysAt } from './file-schema.ts';
import { readSecretFile, type ReadText, reasonOf } from './secret-file.ts';
import type { SettingSource } from './setting-source.ts';
import { secretVariables, settings, type Variable, variables } from './settings.ts';

/** @param label how the user named the setting that names the file */
export function fileSource(label: string, path: string, readText: ReadText): SettingSource {
  const file = new ConfigFile(path, readText);
  file.open(label);
  return file;
}

type Path = readonly PropertyKey[];

class ConfigFile implements SettingSource {
  readonly problems: string[] = [];
  readonly #path: string;
  readonly #readText: ReadText;
  readonly #lines = new LineCounter();
  /** A text is undefined where what stands there is none, or could not be read. */
  readonly #values = new Map<Variable, { readonly text: string | undefined; readonly label: string }>();
  /** What the shape of the file was refused for, and is not read again as a value. */
  readonly #misshapen: string[] = [];
  #document: Document | undefined;

  constructor(path: string, readText: ReadText) {
    this.#path = path;
    this.#readText = readText;
  }

  open(label: string): void {
    let text: string;
    try {
      text = this.#readText(this.#path);
    } catch (error) {
      this.problems.push(
        `${label} must name a file that can be read, got ${this.#path} (${reasonOf(error)}): correct the path`,
      );
      return;
    }
    // Pretty errors would repeat the line, and with it whatever stands there.
    const document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    this.#document = document;
    for (const { pos, message } of document.errors) {
      this.problems.push(`${this.#lineAt(pos[0])} must be YAML: ${message}`);
    }
    if (document.errors.length === 0) this.#readDocument(document);
  }

  has(variable: Variable): boolean {
    return this.#values.has(variable);
  }

  text(variable: Variable): string | undefined {
    return this.#values.get(variable)?.text;
  }

  label(variable: Variable): string {
    return this.#values.get(variable)?.label ?? variable;
  }

  #readDocument(document: Document): void {
    const { error } = fileSchema.safeParse(withoutNulls(document.toJS()) ?? {});
    for (const issue of error?.issues ?? []) this.#refuse(issue);
    for (const variable of variables) {
      const { path } = settings[variable];
      if (path === null) continue;
      const keys = path.split('.');
      if (this.#isSaid(keys)) {
        const text = this.#isMisshapen(path) ? undefined : this.#textAt(variable, keys);
        this.#values.set(variable, { text, label: this.#name(keys) });
      }
    }
    for (const variable of secretVariables) this.#readSecret(variable);
    this.#refusePassword('REDIS_URL', 'REDIS_PASSWORD');
  }

  #refuse(issue: z.core.$ZodIssue): void {
    if (issue.code !== 'unrecognized_keys') {
      this.problems.push(`${this.#name(issue.path)} ${issue.message}`);
      this.#misshapen.push(dotted(issue.path));
      return;
    }
    for (const key of issue.keys) {
      const path = [...issue.path, key];
      if (secretVariables.some((variable) => settings[variable].path === path.join('.'))) continue;
      const known = keysAt(issue.path).join(', ');
      this.problems.push(`${this.#name(path)} must be a setting: use one of ${known}`);
    }
  }

  #isMisshapen(path: string): boolean {
    return this.#misshapen.some((other) => other === path || other.startsWith(`${path}.`));
  }

  /** `key:` with nothing after it says nothing. */
  #isSaid(keys: Path): boolean {
    const value: unknown = this.#document?.getIn(keys);
    return value !== undefined && value !== null && !(typeof value === 'string' && value.trim() === '');
  }

  /** As text, in the form that the variable has; undefined where the file does not say, or says it wrongly. */
  #textAt(variable: Variable, keys: Path): string | undefined {
    const node = this.#document?.getIn(keys, true);
    const plain = isNode(node) ? (node.toJS(this.#document ?? parseDocument('')) as unknown) : undefined;
    if (plain === undefined || plain === null) return undefined;
    if (Array.isArray(plain)) return listText(variable, plain);
    if (!isScalar(node) || typeof plain === 'object') return undefined;
    // A number as it was written: 0x10 or 1e3 would come back as another text.
    return typeof plain === 'string' ? plain : (node.source ?? JSON.stringify(plain));
  }

  /** A file with configuration is committed, copied and mounted readable by many; a secret in it is not one any more. */
  #readSecret(variable: Variable): void {
    const path = settings[variable].path;
    if (path === null) return;
    if (this.#values.has(variable)) {
      this.problems.push(
        `${this.label(variable)} must not stand in the file, which is no place for secrets: set ${variable}, or name a file by ${path}File`,
      );
      return;
    }
    const keys = `${path}File`.split('.');
    const named = this.#document?.getIn(keys);
    if (typeof named !== 'string') return;
    const label = this.#name(keys);
    const secret = readSecretFile(
      label,
      nodePath.resolve(nodePath.dirname(this.#path), named),
      this.#readText,
    );
    if (secret.kind === 'unreadable') this.problems.push(secret.problem);
    this.#values.set(variable, { text: secret.kind === 'read' ? secret.text : undefined, label });
  }

  #refusePassword(url: Variable, password: Variable): void {
    const text = this.text(url) ?? '';
    if (!URL.canParse(text) || new URL(text).password === '') return;
    this.problems.push(
      `${this.label(url)} must not hold a password in the file, which is no place for secrets: set ${password}, or name a file by ${settings[password].path}File`,
    );
  }

  /** `tidemark.yaml:7 redis.url`; the line of what is nearest, where it is not there itself. */
  #name(path: Path): string {
    for (let depth = path.length; depth > 0; depth -= 1) {
      const offset = this.#offsetOf(path.slice(0, depth));
      if (offset !== undefined) return `${this.#lineAt(offset)} ${dotted(path)}`;
    }
    return `${nodePath.basename(this.#path)} ${dotted(path)}`.trimEnd();
  }

  /** Of the key, where there is one: its value may begin on the next line. */
  #offsetOf(path: Path): number | undefined {
    const document = this.#document;
    const parent = path.length === 1 ? document?.contents : document?.getIn(path.slice(0, -1), true);
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))
      : undefined;
    const node = pair?.key ?? document?.getIn(path, true);
    return isNode(node) ? node.range?.[0] : undefined;
  }

  #lineAt(offset: number): string {
    return `${nodePath.basename(this.#path)}:${this.#lines.linePos(offset).line}`;
  }
}

function dotted(path: Path): string {
  return path.map(String).join('.');
}

/** `key:` with nothing after it counts as unset. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, entry]) => entry !== null)
      .map(([key, entry]) => [key, withoutNulls(entry)]),
  );
}

/** The text that the variable would hold. */
function listText(variable: Variable, list: readonly unknown[]): string {
  if (variable === 'TIDEMARK_TABLES') return JSON.stringify(list);
  if (variable === 'TIDEMARK_CHECKER_TABLES') return list.map(checkedText).join(',');
  if (variable === 'TIDEMARK_HINTS' && list.length === 0) return 'none';
  return list.map((entry) => (typeof entry === 'string' ? entry : bestEffortText(entry))).join(',');
}

function bestEffortText(entry: unknown): string {
  const { table, key, prefix } = entry as Record<string, unknown>;
  return `${String(table)}(${[key].flat().join(', ')})=${String(prefix)}`;
}

function checkedText(entry: unknown): string {
  const { table, fields } = entry as Record<string, unknown>;
  return fields === undefined ? String(table) : `${String(table)}(${[fields].flat().map(String).join(', ')})`;
}
