// Reads settings one by one, each from the first place that has it, and collects what is wrong with them: a start fails
// once, with everything to fix. The places are parameters; nothing here reads the process's own.
import type * as z from 'zod';
import { createRedactor } from '../log/redact.ts';
import { ConfigError } from './config-error.ts';
import { passwordsOf } from './redis-config.ts';
import type { SettingSource } from './setting-source.ts';
import { secretVariables, type Variable } from './settings.ts';

export class SettingReader {
  readonly #sources: readonly SettingSource[];
  readonly #problems: string[];

  /** @param sources the one that wins first */
  constructor(sources: readonly SettingSource[]) {
    this.#sources = sources;
    this.#problems = sources.flatMap(({ problems }) => problems);
  }

  /** undefined when unset, or when what stands there is no text, which is then a problem. */
  text(variable: Variable): string | undefined {
    const text = this.#sourceOf(variable)?.text(variable)?.trim();
    return text === '' ? undefined : text;
  }

  /** Whether somebody has set it, right or wrong. */
  has(variable: Variable): boolean {
    return this.#sourceOf(variable) !== undefined;
  }

  /** @returns undefined when unset; also when it is wrong, which is then a problem */
  read<T>(variable: Variable, schema: z.ZodType<T, string>): T | undefined {
    const text = this.text(variable);
    if (text === undefined) return undefined;
    const { data, error } = schema.safeParse(text);
    for (const { message } of error?.issues ?? []) this.report(`${this.label(variable)} ${message}`);
    return data;
  }

  report(problem: string): void {
    this.#problems.push(problem);
  }

  /** How the user wrote it; its variable where nobody did. */
  label(variable: Variable): string {
    return this.#sourceOf(variable)?.label(variable) ?? variable;
  }

  /** What was reported. A secret that was put where it does not belong is not shown either. */
  get problems(): readonly string[] {
    const redact = createRedactor(this.secrets);
    return this.#problems.map(redact);
  }

  /** Every text that a secret setting has, also where another place wins; and the passwords of URLs. */
  get secrets(): readonly string[] {
    const texts = (variable: Variable): string[] =>
      this.#sources.map((source) => source.text(variable)?.trim() ?? '');
    const urls = [...texts('REDIS_URL'), ...texts('DATABASE_URL')].filter((url) => URL.canParse(url));
    return [...secretVariables.flatMap(texts), ...urls.flatMap(passwordsOf)];
  }

  /** @throws ConfigError with everything that was reported so far */
  refuseProblems(): void {
    const { problems } = this;
    if (problems.length > 0) throw new ConfigError(problems);
  }

  #sourceOf(variable: Variable): SettingSource | undefined {
    return this.#sources.find((source) => source.has(variable));
  }
}
