// `npm run audit`: known vulnerabilities of the production dependencies, by the package manager's own audit. Fails on high
// and critical ones; where no audit service answers it says so, and does not fail.
import { spawnSync } from 'node:child_process';
import { judgeAudit } from './audit-report.ts';

const timeoutMs = 60_000;

const { stdout } = spawnSync('pnpm', ['audit', '--prod', '--json'], { encoding: 'utf8', timeout: timeoutMs });
const { kind, lines } = judgeAudit(stdout ?? '');
for (const line of lines) console.log(line);
process.exitCode = kind === 'findings' ? 1 : 0;
