// Cached values are shared by every caller, so nobody may change one.

/**
 * Freezes plain objects and arrays, all the way down; anything with a class of its own (a Date, a Map) is left alone.
 * With a list of its own instead of recursion: a value nested deeper than the stack must not end the process.
 */
export function deepFreeze<T>(value: T): T {
  const found: unknown[] = [value];
  // Not "is it frozen": a loader may hand out a frozen shell around something that can be changed.
  const seen = new Set<object>();
  while (found.length > 0) {
    const next = found.pop();
    if (!isPlain(next) || seen.has(next)) continue;
    seen.add(next);
    Object.freeze(next);
    for (const child of Object.values(next)) found.push(child);
  }
  return value;
}

/** The same for what JSON.parse has just made: a tree, in which there is nothing but plain objects and arrays. */
export function freezeParsed<T>(value: T): T {
  const found: unknown[] = [value];
  while (found.length > 0) {
    const next = found.pop();
    if (typeof next !== 'object' || next === null) continue;
    Object.freeze(next);
    for (const child of Object.values(next)) if (typeof child === 'object') found.push(child);
  }
  return value;
}

function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}
