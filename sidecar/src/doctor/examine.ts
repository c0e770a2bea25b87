// Runs the checks in their order, each one that can be run: whatever one of them finds, the others go on.
import type { Check } from './check.ts';
import type { Finding, FindingStatus, Judgement } from './finding.ts';
import { skipped } from './finding.ts';
import type { Patient } from './patient.ts';

export interface Examination {
  readonly patient: Patient;
  readonly checks: readonly Check[];
  /** Told of each finding as soon as it is there. */
  readonly onFinding: (finding: Finding) => void;
}

export async function examine({ patient, checks, onFinding }: Examination): Promise<Finding[]> {
  const findings: Finding[] = [];
  const unmet = new Map<string, FindingStatus>();
  for (const check of checks) {
    const judgements = await judgementsOf(check, patient, unmet);
    const worst = (['fail', 'skipped'] as const).find((status) =>
      judgements.some((judgement) => judgement.status === status),
    );
    if (worst !== undefined) unmet.set(check.name, worst);
    for (const judgement of judgements) {
      const finding = { check: check.name, ...judgement };
      findings.push(finding);
      onFinding(finding);
    }
  }
  return findings;
}

async function judgementsOf(
  check: Check,
  patient: Patient,
  unmet: ReadonlyMap<string, FindingStatus>,
): Promise<readonly Judgement[]> {
  if (patient.signal.aborted) return [skipped('the examination was ended')];
  const missing = check.needs(patient.config).find((name) => unmet.has(name));
  if (missing !== undefined) {
    return [skipped(`${missing} ${unmet.get(missing) === 'fail' ? 'failed' : 'was skipped'}`)];
  }
  try {
    return await check.run(patient);
  } catch (error) {
    // A part went away under the check: that is a finding about the deployment, and the other checks may still have theirs.
    return [{ status: 'fail', sentence: error instanceof Error ? error.message : String(error) }];
  }
}
