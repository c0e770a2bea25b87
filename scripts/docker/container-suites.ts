// How many container suites ran, from the report of vitest: where no Docker engine answers none does, and the end of a log
// must not pass over that.
import { readFileSync } from 'node:fs';

/** Of vitest's JSON reporter, as far as it is read here. */
interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** @returns one sentence, or none where no such suite was chosen */
export function describeContainerSuites(reportFile: string): readonly string[] {
  const { testResults } = JSON.parse(readFileSync(reportFile, 'utf8')) as Report;
  const suites = testResults.filter(({ name }) => name.endsWith('.container.test.ts'));
  if (suites.length === 0) return [];
  const ran = suites.filter(({ assertionResults }) =>
    assertionResults.some(({ status }) => status === 'passed' || status === 'failed'),
  );
  return [`container suites: ${ran.length} of ${suites.length} ran`];
}
