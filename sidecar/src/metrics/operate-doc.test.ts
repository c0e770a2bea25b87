// docs/operate.md against what it speaks of: metrics, alerts, commands, lines of the log, and its own links.
import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../cli/commands.ts';
import { readAlerts } from '../testing/dashboards.ts';
import { metricParts } from './all-metrics.ts';
import { metricTables, withMetricTables } from './metric-table.ts';

const root = path.join(import.meta.dirname, '../../..');
const file = path.join(root, 'docs/operate.md');
const text = readFileSync(file, 'utf8');
const titles = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title);
const alerts = readAlerts().map(({ alert }) => alert);

/** What stands under a title of the third rank. */
function section(title: string): string {
  const from = text.indexOf(`\n### ${title}\n`);
  if (from < 0) return '';
  const to = text.slice(from + 1).search(/\n##/);
  return to < 0 ? text.slice(from) : text.slice(from, from + 1 + to);
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, '')
    .replaceAll(/\s/g, '-');
}

describe('the metrics', () => {
  it('are the ones that are defined: node --conditions=@tidemark/source scripts/metric-table.ts writes them', () => {
    expect(withMetricTables(text, metricTables(metricParts))).toBe(text);
  });

  it('that the runbooks name are among them', () => {
    const defined = new Set(metricParts.flatMap(({ definitions }) => definitions.map(({ name }) => name)));
    const named = [...text.matchAll(/`(tidemark_\w+)/g)].map(([, name]) => name);
    expect([...new Set(named)].filter((name) => !defined.has(name!))).toEqual([]);
  });
});

it('the metrics of a cache are the ones that the library reports', () => {
  const source = readFileSync(path.join(root, 'packages/cache/src/opentelemetry/observe-cache.ts'), 'utf8');
  const reported = [...source.matchAll(/'(tidemark\.cache\.[\w.]+)'/g)].map(([, name]) => name);
  const told = [...section('Of a cache, in an application').matchAll(/^\| `([\w.]+)` \|/gm)].map(
    ([, name]) => name,
  );
  expect(told).toEqual(reported);
});

describe('the alerts', () => {
  it('are the ones that are defined, each with its section', () => {
    expect(titles.filter((title) => /^Tidemark[A-Z]/.test(title)).sort()).toEqual([...alerts].sort());
  });

  it.each(alerts)('%s says what is seen, why or what to do, and when it is over', (alert) => {
    expect(section(alert)).toMatch(/^- \*\*You see\*\*/m);
    expect(section(alert)).toMatch(/^- \*\*(Why|Do|Why and what to do)\*\*/m);
    expect(section(alert)).toMatch(/^- \*\*Over\*\*/m);
  });
});

it('each part that may be down has its runbook', () => {
  const architecture = readFileSync(path.join(root, 'ARCHITECTURE.md'), 'utf8');
  const [, table = ''] = architecture.split('## When something is down');
  const parts = [...table.split('\n## ')[0]!.matchAll(/^\| (?!down |-)([^,|]+)/gm)].map(([, part = '']) =>
    part.trim(),
  );
  expect(parts.length).toBeGreaterThanOrEqual(6);
  for (const part of parts) {
    const title = titles.find((one) => one.toLowerCase().startsWith(part.toLowerCase()));
    expect(section(title ?? ''), part).toMatch(/^- \*\*Over\*\*/m);
  }
});

it('each command is one that there is', () => {
  const named = [...text.matchAll(/`tidemark ([a-z-]+)/g)].map(([, name = '']) => name);
  const known = new Set(commands.map(({ name }) => name));
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

it('each line of the log is one that something says', () => {
  const sources = globSync('{packages,sidecar}/*/{src,**/src}/**/*.ts', { cwd: root })
    .concat(globSync('sidecar/src/**/*.ts', { cwd: root }))
    .filter((one) => !one.includes('node_modules') && !one.endsWith('.test.ts'))
    .map((one) => readFileSync(path.join(root, one), 'utf8'))
    .join('\n');
  const lines = [...section('Lines in the log to look for').matchAll(/^\| `([^`]+)` \|/gm)].map(
    ([, line = '']) => line,
  );
  expect(lines.length).toBeGreaterThan(8);
  expect(lines.filter((line) => !sources.includes(`'${line}'`))).toEqual([]);
});

it('each link leads somewhere', () => {
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link);
  for (const link of links) {
    const [target = '', anchor] = link.split('#');
    const document = target === '' ? file : path.join(root, 'docs', target);
    expect(existsSync(document), link).toBe(true);
    if (anchor === undefined) continue;
    const anchors = [...readFileSync(document, 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      anchorOf(title),
    );
    expect(anchors, link).toContain(anchor);
  }
});
