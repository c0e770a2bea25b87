// What a setting is when nobody sets it, and why.

/** The prefix that instances have by default. */
export const defaultKeyPrefix = 'copilot';

/** Four small calls a second are what a Data API carries unnoticed; a direct connection is ten times as quick. */
export const defaultRoundEveryMs = { rpc: 250, direct: 100 } as const;

/** The default of a region. */
export const defaultMaxStalenessMs = 2_000;

/** Of this machine only: what it says is not for everybody. */
export const defaultHost = '127.0.0.1';

export const defaultPort = 8787;

/** Starts, stops, and every change of state. */
export const defaultLogLevel = 'info';
