// The one clock that all processes of this machine share: CLOCK_MONOTONIC. The history is written in it, so that the
// time of a read in one process can be compared with the time of a commit in another. The caches never see it.

/** Milliseconds since the machine started. */
export function sharedMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
