// The version of the sidecar, as its figures name it.

/** As in package.json; a test compares them. */
export const sidecarVersion = '0.1.0';
