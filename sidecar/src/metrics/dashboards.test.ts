// Dashboard and alerts against the definitions of the metrics: nothing they ask for is missing, misspelt or not PromQL.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { allQueries, readAlerts, readDashboard } from '../testing/dashboards.ts';
import { parseQuery, storedNames } from '../testing/promql.ts';
import { metricParts } from './all-metrics.ts';

const definitions = metricParts.flatMap((part) => part.definitions);
const labelsOf = new Map(
  definitions.flatMap((definition) =>
    storedNames(definition).map((name) => [name, [...definition.labels, 'le']] as const),
  ),
);

/** What Prometheus adds to every series of a target. */
const ofTarget = ['job', 'instance'];

/** Those of the process have no definition here; the stack test finds them. */
function isOurs(metric: string): boolean {
  return metric.startsWith('tidemark_');
}

describe('each query', () => {
  it.each(allQueries())('of $where names metrics and labels that there are', ({ text }) => {
    const { selectors, groupedBy } = parseQuery(text);
    expect(selectors.length).toBeGreaterThan(0);
    for (const { metric, labels } of selectors.filter(({ metric }) => isOurs(metric))) {
      expect([...labelsOf.keys()]).toContain(metric);
      expect([...(labelsOf.get(metric) ?? []), ...ofTarget]).toEqual(expect.arrayContaining([...labels]));
    }
    const known = selectors.flatMap(({ metric }) => labelsOf.get(metric) ?? []);
    expect([...known, ...ofTarget]).toEqual(expect.arrayContaining([...groupedBy]));
  });

  it('that is no PromQL would be found out', () => {
    expect(() => parseQuery('sum by (a (x))')).toThrow(/not PromQL/);
    expect(parseQuery('sum by (job) (rate(x_bucket{a="1", b=~"2"}[5m]))')).toEqual({
      selectors: [{ metric: 'x_bucket', labels: ['a', 'b'] }],
      groupedBy: ['job'],
    });
  });
});

it('every metric is on the dashboard or behind an alert, or is one to look up', () => {
  const used = new Set(
    allQueries().flatMap(({ text }) => parseQuery(text).selectors.map(({ metric }) => metric)),
  );
  const unused = definitions.filter((definition) => !storedNames(definition).some((name) => used.has(name)));
  expect(unused.map(({ name }) => name)).toEqual([
    'tidemark_build_info',
    'tidemark_instance_leases',
    'tidemark_instance_regions',
  ]);
});

describe('the dashboard', () => {
  const { panels, templating } = readDashboard();

  it('gives every panel a place of its own, a number and a sentence', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const [at, { gridPos: a }] of panels.entries()) {
      expect(a.x + a.w).toBeLessThanOrEqual(24);
      for (const { gridPos: b } of panels.slice(at + 1)) {
        const isApart = a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;
        expect(isApart).toBe(true);
      }
    }
    const silent = panels.filter(({ type, description }) => type !== 'row' && description === undefined);
    expect(silent).toEqual([]);
  });

  it('finds its data source and its deployment by variables', () => {
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'job']);
    expect(readFileSync(new URL('../../dashboards/tidemark.json', import.meta.url), 'utf8')).not.toMatch(
      /"uid": "(?!tidemark"|\$\{datasource\}")/,
    );
  });
});

describe('each alert', () => {
  it.each(readAlerts())(
    '$alert has a severity, a patience, and sentences',
    ({ alert, for: wait, labels, annotations }) => {
      expect(alert).toMatch(/^Tidemark[A-Z]/);
      expect(wait).toMatch(/^\d+[sm]$/);
      expect(['critical', 'warning']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/^.{10,90}[^.]$/);
      expect(annotations.description).toMatch(/\.$/);
      expect(annotations.runbook_url).toBe(`docs/operate.md#${alert.toLowerCase()}`);
    },
  );

  it.each(readAlerts())(
    '$alert says only what its labels and metrics can fill in',
    ({ expr, annotations }) => {
      const { selectors, groupedBy } = parseQuery(expr);
      const grouped =
        groupedBy.length > 0
          ? groupedBy
          : [...ofTarget, ...selectors.flatMap(({ metric }) => labelsOf.get(metric) ?? [])];
      const named = Object.values(annotations).flatMap((text) =>
        [...text.matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label),
      );
      expect(grouped).toEqual(expect.arrayContaining(named));
    },
  );

  it('has its name for itself', () => {
    const names = readAlerts().map(({ alert }) => alert);
    expect(new Set(names).size).toBe(names.length);
  });
});
