// What a check is. It asks, and leaves the judgement to a pure function beside it; it never throws for what is wrong with
// the deployment, and never changes any part of it.
import type { DoctorConfig } from './doctor-config.ts';
import type { Judgement } from './finding.ts';
import type { Patient } from './patient.ts';

export interface Check {
  readonly name: string;
  /** The checks without whose success this one would only repeat what they found. */
  needs(config: DoctorConfig): readonly string[];
  run(patient: Patient): Promise<readonly Judgement[]>;
}

/** The check of the journal that rounds read. */
export function journalCheck({ databaseUrl }: DoctorConfig): readonly string[] {
  return [databaseUrl === undefined ? 'data-api' : 'database'];
}
