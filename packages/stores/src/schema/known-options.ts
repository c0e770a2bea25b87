// Refuses options nobody knows: a misspelt one would silently leave a default in place.
import { InvalidInputError } from '../errors.ts';

/** @throws InvalidInputError */
export function refuseUnknownOptions(
  where: string,
  options: object,
  known: Readonly<Record<string, true>>,
): void {
  const unknown = Object.keys(options).filter((name) => !Object.hasOwn(known, name));
  if (unknown.length === 0) return;
  throw new InvalidInputError(
    `${where} must be given known options only (${Object.keys(known).join(', ')}), got ${unknown.join(', ')}`,
  );
}
