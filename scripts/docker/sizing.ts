// `npm run sizing`: what a sidecar takes in its container, as the kernel counts it for the process: the table of
// docs/deploy.md. Journal over a direct connection, rounds every 100 ms. Judges nothing.
import { setTimeout as sleep } from 'node:timers/promises';
import { Pool } from 'pg';
import {
  ContainerDeployment,
  type SidecarContainer,
} from '../../sidecar/src/testing/container-deployment.ts';
import { buildImages } from './container-setup.ts';

const table = 'copilot_internal.tenant_llm_policies';
const tenants = 1_000;
const seconds = 20;
/** Of the clock in which the kernel counts processor time for programs. */
const ticksPerSecond = 100;

interface Reading {
  readonly ticks: number;
  readonly memoryMb: number;
  readonly peakMb: number;
}

await using deployment = await ContainerDeployment.start(buildImages());
const pool = new Pool({ connectionString: deployment.databaseUrl, max: 4 });
await pool.query(
  `insert into ${table} (tenant_id, default_model, default_provider)
   select 'tenant-' || n, 'm', 'p' from generate_series(1, $1) n`,
  [tenants],
);
const working = await deployment.sidecar();
await working.ready('working');
const standby = await deployment.sidecar();
await standby.ready('standby');

console.log(`| a sidecar that | processor, of one core | memory | at most |\n|---|---|---|---|`);
await measure('stands by', standby, 0);
await measure('works, and nothing changes', working, 0);
await measure('works', working, 100);
await measure('works', working, 1_000);
await pool.end();

async function measure(what: string, sidecar: SidecarContainer, changesPerSecond: number): Promise<void> {
  const before = await read(sidecar);
  const startedAt = performance.now();
  const done = await change(changesPerSecond);
  const elapsedMs = performance.now() - startedAt;
  const { ticks, memoryMb, peakMb } = await read(sidecar);
  const percent = ((ticks - before.ticks) / ticksPerSecond / (elapsedMs / 1_000)) * 100;
  // A busy machine does not reach what was asked for.
  const reached =
    changesPerSecond === 0 ? '' : `, ${Math.round(done / (elapsedMs / 1_000))} changes a second`;
  console.log(`| ${what}${reached} | ${percent.toFixed(1)} % | ${memoryMb} MB | ${peakMb} MB |`);
}

/** Each a statement and a transaction of its own, on one of the tenants. @returns how many were made */
async function change(perSecond: number): Promise<number> {
  const until = performance.now() + seconds * 1_000;
  let made = 0;
  while (performance.now() < until) {
    await sleep(100);
    const batch = Array.from(
      { length: perSecond / 10 },
      (_, index) => `tenant-${1 + ((made + index) % tenants)}`,
    );
    await Promise.all(
      batch.map((tenant) =>
        pool.query(`update ${table} set default_model = $2 where tenant_id = $1`, [tenant, `m${made}`]),
      ),
    );
    made += batch.length;
  }
  return made;
}

async function read(sidecar: SidecarContainer): Promise<Reading> {
  const stat = await sidecar.run("fs.readFileSync('/proc/1/stat', 'utf8')");
  const status = await sidecar.run("fs.readFileSync('/proc/1/status', 'utf8')");
  // After the name in brackets: state is the first field, time in user mode the twelfth, in the kernel the thirteenth.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const megabytes = (name: string): number =>
    Math.round(Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]) / 1_024);
  return {
    ticks: Number(fields[11]) + Number(fields[12]),
    memoryMb: megabytes('VmRSS'),
    peakMb: megabytes('VmHWM'),
  };
}
