// A mutation takes one guard of an invariant out of the product, and names the test that must go red then. It is applied
// in a private clone only: the checkout itself is never touched.

/** An invariant of docs/SPEC.md: I1, I2, … */
type Invariant = `I${number}`;

export interface Mutation {
  readonly invariant: Invariant;
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
  /** As the test file has it; `%s` and the like stand for anything. */
  readonly name: string;
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
    .split(/%[a-z]/)
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
    .join('.*');
}
