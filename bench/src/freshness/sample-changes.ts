// Changes of single rows, each followed to every instance. Owns how a change is matched with the read that found it; the
// commit is the moment that PostgreSQL says.
import type { Stack } from '@tidemark/devstack';
import { sleep, systemClock } from '@tidemark/protocol';
import { Client } from 'pg';
import { commitMoments } from '../floor/commit-moments.ts';
import { pauseMs, type SampleCounts } from '../floor/sample-floor.ts';
import type { Deployment } from './deployment.ts';
import type { DropMessage, SidecarReport } from './messages.ts';
import { stampMs } from './stamp.ts';

/** What one change took, in milliseconds. The parts of a change follow each other; the floor of a measurement is 0. */
export interface ChangeSample {
  /** Commit to the hint in the sidecar; undefined where a timer's round was first. */
  readonly hintMs: number | undefined;
  /** Hint, or commit without one, to the start of the read that found the change, and reads that were too early. */
  readonly beginMs: number;
  readonly readMs: number;
  /** End of the read to the drop in the last instance: publish, push, apply. */
  readonly publishMs: number;
  /** Commit to the drop in every instance. */
  readonly totalMs: number;
}

export interface SamplingOptions extends SampleCounts {
  readonly stack: Stack;
  readonly deployment: Deployment;
  /** Other rows that are written meanwhile, a second. */
  readonly backgroundPerSecond: number;
  /** Whether hints come at once; late ones, of changes before, are told from these by nothing. */
  readonly isRung: boolean;
}

interface Written {
  readonly key: string;
  readonly sentMs: number;
  readonly xid: string;
  readonly droppedMs: number;
}

const upsert = {
  name: 'write',
  text: `insert into copilot_internal.tenant_llm_policies (tenant_id, default_provider, default_model)
    values ($1, 'openai', $2)
    on conflict (tenant_id) do update set default_model = excluded.default_model
    returning pg_current_xact_id()::text as xid`,
};

export async function sampleChanges(options: SamplingOptions): Promise<ChangeSample[]> {
  const { stack, deployment, samples, warmUp } = options;
  const client = new Client({ connectionString: stack.postgres.url });
  await client.connect();
  const stop = new AbortController();
  const background = writeBackground(options, stop.signal);
  const drops = followDrops(deployment);
  try {
    const written: Written[] = [];
    for (let index = 0; index < samples + warmUp; index += 1) {
      await sleep(systemClock, pauseMs(index, warmUp));
      if (index === warmUp) await deployment.report();
      const key = `tenant-${index}`;
      const dropped = drops.expect(key);
      const sentMs = stampMs();
      const values = [key, `model-${index}`];
      const { rows } = await client.query<{ xid: string }>({ ...upsert, values });
      const change = { key, sentMs, xid: rows[0]?.xid ?? '', droppedMs: await dropped };
      if (index >= warmUp) written.push(change);
    }
    const report = await deployment.report();
    const xids = written.map(({ xid }) => xid);
    const committedMs = await commitMoments(client, xids);
    const rungMs = options.isRung ? report.rungMs : [];
    return written.map((change, index) =>
      split(change, committedMs[index] ?? Number.NaN, { ...report, rungMs }),
    );
  } finally {
    stop.abort();
    await background;
    await client.end();
  }
}

function split(
  { key, sentMs, droppedMs }: Written,
  committedMs: number,
  report: SidecarReport,
): ChangeSample {
  const read = report.reads.find(({ keys, endedMs }) => endedMs > sentMs && keys.includes(key));
  if (read === undefined) throw new Error(`no read has found ${key}, which was dropped`);
  const rungMs = report.rungMs.find((atMs) => atMs >= sentMs && atMs <= read.startedMs);
  return {
    hintMs: rungMs === undefined ? undefined : rungMs - committedMs,
    beginMs: read.startedMs - (rungMs ?? committedMs),
    readMs: read.endedMs - read.startedMs,
    publishMs: droppedMs - read.endedMs,
    totalMs: droppedMs - committedMs,
  };
}

interface Drops {
  /** @returns when the last of the instances dropped the key */
  expect(key: string): Promise<number>;
}

function followDrops(deployment: Deployment): Drops {
  let waiting: { key: string; missing: number; resolve: (atMs: number) => void } | undefined;
  let latestMs = 0;
  deployment.onDrop(({ keys, atMs }: DropMessage) => {
    if (waiting === undefined || keys?.includes(waiting.key) === false) return;
    waiting.missing -= 1;
    latestMs = Math.max(latestMs, atMs);
    if (waiting.missing === 0) waiting.resolve(latestMs);
  });
  return {
    expect: (key) =>
      new Promise((resolve) => {
        latestMs = 0;
        waiting = { key, missing: deployment.instances, resolve };
      }),
  };
}

/** Writes that nobody waits for: they keep the rounds busy. */
async function writeBackground(
  { stack, backgroundPerSecond }: SamplingOptions,
  signal: AbortSignal,
): Promise<void> {
  if (backgroundPerSecond === 0) return;
  const client = new Client({ connectionString: stack.postgres.url });
  await client.connect();
  for (let index = 0; !signal.aborted; index += 1) {
    await client.query({ ...upsert, values: [`other-${index % 100}`, `model-${index}`] });
    await sleep(systemClock, 1_000 / backgroundPerSecond, signal);
  }
  await client.end();
}
