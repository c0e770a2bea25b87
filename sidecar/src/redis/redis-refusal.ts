// Whether a Redis refuses the credentials, in the same words for the start of a sidecar and for the doctor. Pure.

/** The first word of a Redis error is its code; these are about credentials. */
const refusals = /^(?:NOAUTH|WRONGPASS|NOPERM)\b|^ERR AUTH\b|^ERR invalid password/;

/** @returns undefined for an error that is about something else */
export function refusalText(address: string, reason: string): string | undefined {
  return refusals.test(reason)
    ? `Redis at ${address} refuses the credentials (${reason}): set the user and password in REDIS_URL, or REDIS_PASSWORD`
    : undefined;
}
