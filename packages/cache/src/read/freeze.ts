// Cached values are shared by every caller, so nobody may change one.

/**
 * Freezes plain objects and arrays, all the way down; anything with a class of its own (a Date, a Map) is left alone.
 * With a list of its own instead of recursion: a value nested deeper than the stack must not end the process.
 */
export function deepFreeze<T>(value: T): T {
  const found: unknown[] = [value];
  while (found.length > 0) {
    const next = found.pop();
    if (!isPlain(next) || Object.isFrozen(next)) continue;
    Object.freeze(next);
    for (const child of Object.values(next)) found.push(child);
  }
  return value;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
