// Every query of the dashboard and of the alert rules, with where it stands.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export interface PlacedQuery {
  readonly where: string;
  readonly text: string;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly uid: string;
  readonly panels: readonly (Panel & {
    readonly type: string;
    readonly id: number;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly description?: string;
  })[];
  readonly annotations: { readonly list: readonly { readonly name: string; readonly expr: string }[] };
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] };
}

export interface Alert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>;
}

function read(file: string): string {
  return readFileSync(new URL(`../../dashboards/${file}`, import.meta.url), 'utf8');
}

export function readDashboard(): Dashboard {
  return JSON.parse(read('tidemark.json')) as Dashboard;
}

export function readAlerts(): Alert[] {
  const { groups } = parse(read('alerts.yaml')) as { groups: { rules: Alert[] }[] };
  return groups.flatMap(({ rules }) => rules);
}

/** Variables of Grafana are filled in as Grafana would. */
export function allQueries(): PlacedQuery[] {
  const { panels, annotations } = readDashboard();
  const filled = (text: string): string => text.replaceAll('$__interval', '15s').replaceAll('$job', '.*');
  return [
    ...panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ expr }) => ({ where: `panel "${title}"`, text: filled(expr) })),
    ),
    ...annotations.list.map(({ name, expr }) => ({ where: `annotation "${name}"`, text: filled(expr) })),
    ...readAlerts().map(({ alert, expr }) => ({ where: `alert ${alert}`, text: expr })),
  ];
}
