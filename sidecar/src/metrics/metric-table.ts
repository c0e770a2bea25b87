// The tables of metrics in docs/operate.md, as the definitions have them. Pure; scripts/metric-table.ts writes them.
import type { MetricDefinition } from './metric-definition.ts';

/** What stands around them in the document. */
const metricTableMarks = {
  begin: '<!-- The metrics: written by scripts/metric-table.ts, and compared by a test. -->',
  end: '<!-- End of the metrics. -->',
} as const;

export function metricTables(
  parts: readonly { readonly title: string; readonly definitions: readonly MetricDefinition[] }[],
): string {
  return parts
    .map(({ title, definitions }) =>
      [
        `### ${title}`,
        '',
        '| metric | kind | labels | what it tells |',
        '|---|---|---|---|',
        ...definitions.map(
          ({ name, type, labels, help }) =>
            `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ') || '–'} | ${help} |`,
        ),
        '',
      ].join('\n'),
    )
    .join('\n');
}

/** @throws where the document has no marks */
export function withMetricTables(document: string, tables: string): string {
  const { begin, end } = metricTableMarks;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error('docs/operate.md has lost the marks around its metrics');
  return `${document.slice(0, from + begin.length)}\n\n${tables}\n${document.slice(to)}`;
}
