// One clock for all processes of this machine: Linux and macOS count it from the same moment for everybody, so that a
// time taken in an instance and one taken here may be subtracted. Never compare it with a time of another machine.

/** Milliseconds, with fractions. */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
