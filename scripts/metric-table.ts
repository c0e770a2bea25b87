// Writes the tables of metrics into docs/operate.md, from the definitions of the sidecar:
//   node --conditions=@tidemark/source scripts/metric-table.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { metricParts } from '../sidecar/src/metrics/all-metrics.ts';
import { metricTables, withMetricTables } from '../sidecar/src/metrics/metric-table.ts';

const file = new URL('../docs/operate.md', import.meta.url);
writeFileSync(file, withMetricTables(readFileSync(file, 'utf8'), metricTables(metricParts)));
