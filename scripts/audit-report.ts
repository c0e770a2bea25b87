// What the package manager's audit says, put into a sentence and an outcome. Pure.

export interface AuditOutcome {
  /** unanswered: there is no audit service where the packages come from. That is no finding. */
  readonly kind: 'clean' | 'findings' | 'unanswered';
  readonly lines: readonly string[];
}

/** What fails: the rest is told. */
const failing = new Set(['high', 'critical']);

interface Advisory {
  readonly severity?: unknown;
  readonly module_name?: unknown;
  readonly title?: unknown;
}

/** @param answer what `pnpm audit --prod --json` has printed */
export function judgeAudit(answer: string): AuditOutcome {
  const report = parse(answer);
  if (report === undefined || report['error'] !== undefined || report['metadata'] === undefined) {
    return { kind: 'unanswered', lines: [`no audit service answers: ${reasonOf(report)}`] };
  }
  const advisories = Object.values((report['advisories'] ?? {}) as Record<string, Advisory>);
  const grave = advisories.filter(({ severity }) => failing.has(String(severity)));
  return {
    kind: grave.length === 0 ? 'clean' : 'findings',
    lines: [
      ...advisories.map(
        ({ severity, module_name: name, title }) => `${String(severity)}: ${String(name)}: ${String(title)}`,
      ),
      `${advisories.length} advisories for production dependencies, ${grave.length} of them high or critical`,
    ],
  };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** The code only: the message names where the packages come from. */
function reasonOf(report: Record<string, unknown> | undefined): string {
  const { code } = (report?.['error'] ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : 'its answer is no report';
}
