// The problems of the configuration as findings: the first check, and the only one that asks nobody.
import type { Check } from './check.ts';
import { type Judgement, ok } from './finding.ts';

/** @param problems one sentence each */
export function configurationCheck(problems: readonly string[]): Check {
  return {
    name: 'configuration',
    needs: () => [],
    run: () =>
      Promise.resolve(
        problems.length === 0
          ? [ok('the configuration is valid')]
          : problems.map((sentence): Judgement => ({ status: 'fail', sentence })),
      ),
  };
}
