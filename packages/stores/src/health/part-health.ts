// What is said of one part.

export interface PartHealth {
  readonly healthy: boolean;
  /** What does the part's work at the moment. */
  readonly backend: string;
  /** How long the answer took, to a tenth of a millisecond. */
  readonly latencyMs: number;
  readonly reason: string;
}

/** Before its time is known. */
export type PartAnswer = Omit<PartHealth, 'latencyMs'>;
