import { describe, expect, it } from 'vitest';
import { judgeAudit } from '../../scripts/audit-report.ts';

function report(...severities: string[]): string {
  const advisories = severities.map((severity, index) => [
    index,
    { severity, module_name: `package-${index}`, title: 'something is wrong' },
  ]);
  return JSON.stringify({ advisories: Object.fromEntries(advisories), metadata: { vulnerabilities: {} } });
}

describe('the audit of the dependencies', () => {
  it('is clean without advisories', () => {
    expect(judgeAudit(report())).toEqual({
      kind: 'clean',
      lines: ['0 advisories for production dependencies, 0 of them high or critical'],
    });
  });

  it('tells of lesser ones, and does not fail for them', () => {
    const { kind, lines } = judgeAudit(report('low', 'moderate'));
    expect(kind).toBe('clean');
    expect(lines).toContain('moderate: package-1: something is wrong');
  });

  it.each(['high', 'critical'])('fails on one that is %s', (severity) => {
    expect(judgeAudit(report('low', severity)).kind).toBe('findings');
  });

  it.each([
    [
      'an error',
      '{"error":{"code":"ERR_PNPM_AUDIT_BAD_RESPONSE","message":"https://somewhere responded with 405"}}',
    ],
    ['nothing', ''],
    ['no report', '[]'],
  ])('says that nobody answers when there is %s, and names no address', (_what, answer) => {
    const { kind, lines } = judgeAudit(answer);
    expect(kind).toBe('unanswered');
    expect(lines.join()).toMatch(/^no audit service answers: /);
    expect(lines.join()).not.toContain('somewhere');
  });
});
