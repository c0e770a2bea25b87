// A mutation takes one guard out of the product, and names the test that must go red then. It is applied
// in a private clone only: the checkout itself is never touched.

/** An invariant of docs/SPEC.md, `I1`, or a row of docs/requirements.md, `#1`. */
type Kept = `I${number}` | `#${number}`;

export interface Mutation {
  /** What the guard is there for. */
  readonly keeps: Kept;
  /** From the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly guard: string;
  /** Default: nothing. */
  readonly instead?: string;
  readonly test: NamedTest;
}

export interface NamedTest {
  readonly file: string;
  /** Of the test, or of the describe around it, as the source has it; `%s` and `$what` stand for anything. */
  readonly name: string;
  /** Where the source is, if the file runs a suite that others run, too. */
  readonly suite?: string;
}

/** @throws when the guard does not stand in the text exactly once */
export function mutate(text: string, { file, guard, instead = '' }: Mutation): string {
  const pieces = text.split(guard);
  if (pieces.length !== 2) {
    throw new Error(`a guard must stand in ${file} exactly once, found ${pieces.length - 1} times: ${guard}`);
  }
  return pieces.join(instead);
}

/** Finds the test, and each row of a table of tests, by its name. */
export function patternOf({ name }: NamedTest): string {
  return name
    .split(/%[a-z]|\$\w+/)
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*');
}
