// The payload of an L2 value: the JSON of what a loader returned, in brackets. Whoever may write to Redis may write one,
// so that it is no more trusted than any text.

/**
 * In brackets, so that no cut-off payload can be read: a number without its last digit is a number.
 *
 * @returns undefined for what has no JSON: a BigInt, a circle, a depth beyond the stack
 */
export function formatPayload(value: unknown): string | undefined {
  try {
    const text = JSON.stringify(value);
    return text === undefined ? undefined : `[${text}]`;
  } catch {
    return undefined;
  }
}

/** @returns undefined for what is not JSON, and for a value that would give its prototype to whoever copies it */
export function parsePayload(text: string): unknown {
  try {
    const whole: unknown = mayNameProto(text) ? JSON.parse(text, refuseProto) : JSON.parse(text);
    return Array.isArray(whole) && whole.length === 1 ? whole[0] : undefined;
  } catch {
    return undefined;
  }
}

/** As it is, or with an escaped underscore, `\u005f`. A search for a text costs a tenth of a pattern that says it all. */
function mayNameProto(text: string): boolean {
  return text.includes('__proto__') || text.includes('\\u005');
}

function refuseProto(name: string, value: unknown): unknown {
  if (name === '__proto__') throw new SyntaxError('a value names __proto__');
  return value;
}
