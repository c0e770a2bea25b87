// The moment, on the clock that all processes of a machine share: a measurement may compare what its own processes say.
// The product never does so (two machines share no clock).

/** Milliseconds since some fixed moment of the machine. */
export function stampMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
