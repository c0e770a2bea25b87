// Options that count something: seconds of a TTL, requests of a limit.
import { InvalidInputError } from '../errors.ts';

/** @throws InvalidInputError */
export function parseCount(name: string, count: number): number {
  if (Number.isSafeInteger(count) && count > 0) return count;
  throw new InvalidInputError(`${name} must be a whole number above 0, got ${count}`);
}
