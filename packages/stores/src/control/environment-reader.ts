// Reads single variables and collects what is wrong with them, so that a start fails once with everything to fix. The
// environment is a parameter; the process's own is read in one other place. Never shows the value of a secret.
import { EnvironmentError } from '../errors.ts';

/** `process.env`, or a part of it. */
export type EnvironmentVariables = Readonly<Record<string, string | undefined>>;

const yes = ['true', '1', 'yes', 'on'];
const no = ['false', '0', 'no', 'off'];

export class EnvironmentReader {
  readonly #variables: EnvironmentVariables;
  readonly #problems: string[] = [];

  constructor(variables: EnvironmentVariables) {
    this.#variables = variables;
  }

  /** An empty value counts as unset: that is how compose files and CI systems write "nothing". */
  text(name: string): string | undefined {
    const value = this.#variables[name]?.trim();
    return value === '' ? undefined : value;
  }

  /** @returns undefined when unset; also when it is wrong, which is then a problem */
  flag(name: string): boolean | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const word = value.toLowerCase();
    if (yes.includes(word)) return true;
    if (no.includes(word)) return false;
    this.report(`${name} must be one of ${[...yes, ...no].join(', ')}, got ${JSON.stringify(value)}`);
    return undefined;
  }

  seconds(name: string, fallback: number): number {
    const value = this.text(name);
    if (value === undefined) return fallback;
    const seconds = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (Number.isSafeInteger(seconds) && seconds > 0) return seconds;
    this.report(`${name} must be a whole number of seconds above 0, got ${JSON.stringify(value)}`);
    return fallback;
  }

  report(problem: string): void {
    this.#problems.push(problem);
  }

  /** @throws EnvironmentError with all that was reported */
  throwIfProblems(): void {
    if (this.#problems.length > 0) throw new EnvironmentError(this.#problems);
  }
}
