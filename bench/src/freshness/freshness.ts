// Freshness: how long after a commit every instance has dropped what it overtook, by each way that a hint can take, next to
// the bare parts of the same machine. Owns which ways are measured, and on what; describe-freshness.ts says what came out.
import { type Stack, startStack } from '@tidemark/devstack';
import { Client } from 'pg';
import {
  asking,
  type BarePart,
  decoding,
  notification,
  publishing,
  publishingToProcesses,
} from '../floor/bare-parts.ts';
import { commitSettings } from '../floor/commit-moments.ts';
import { type SampleCounts, sampleFloor } from '../floor/sample-floor.ts';
import type { Findings, Measurement, RunOptions } from '../measurement.ts';
import { Deployment } from './deployment.ts';
import {
  describeFloors,
  describeWays,
  type Floors,
  type MeasuredWay,
  nameOf,
  type Way,
} from './describe-freshness.ts';
import { type ChangeSample, sampleChanges } from './sample-changes.ts';

const instances = 3;
const table = 'copilot_internal.tenant_llm_policies';

const moderateLoad = 100;

const many: SampleCounts = { samples: 200, warmUp: 300 };

/** The ones that wait for a poll or a timer: their spread is the period itself. */
const few: SampleCounts = { samples: 60, warmUp: 10 };

const quick: SampleCounts = { samples: 5, warmUp: 1 };

const ways: readonly (Way & SampleCounts)[] = [
  { hint: 'broadcast', journal: 'direct', load: 0, ...many },
  { hint: 'direct', journal: 'direct', load: 0, ...many },
  { hint: 'broadcast', journal: 'rpc', load: 0, ...many },
  { hint: 'direct', journal: 'rpc', load: 0, ...many },
  { hint: 'changes', journal: 'direct', load: 0, ...few },
  { hint: 'timer', journal: 'direct', load: 0, ...few },
  { hint: 'timer', journal: 'rpc', load: 0, ...few },
  { hint: 'broadcast', journal: 'direct', load: moderateLoad, ...many },
  { hint: 'direct', journal: 'direct', load: moderateLoad, ...many },
  { hint: 'broadcast', journal: 'rpc', load: moderateLoad, ...many },
];

export const freshness: Measurement = {
  name: 'freshness',
  async run({ isQuick, tell }: RunOptions): Promise<Findings> {
    await using supabase = await startStack({ postgres: { settings: commitSettings } });
    await using plain = await startPlainStack();
    tell('the bare parts');
    const floors = await measureFloors(plain, isQuick ? quick : many);
    const measured: MeasuredWay[] = [];
    for (const way of isQuick ? ways.slice(0, 2) : ways) {
      tell(nameOf(way));
      const stack = isRealtime(way) ? supabase : plain;
      measured.push({ ...way, samples: await measureWay(stack, way, isQuick ? quick : way) });
    }
    return { sections: [describeWays(measured, floors, instances), describeFloors(floors)], versions: {} };
  },
};

function isRealtime({ hint }: Way): boolean {
  return hint === 'broadcast' || hint === 'changes';
}

/** Without Realtime, and with triggers that send nothing through it: what else decodes and writes would be timed, too. */
async function startPlainStack(): Promise<Stack> {
  const stack = await startStack({ realtime: false, postgres: { settings: commitSettings } });
  const client = new Client({ connectionString: stack.databaseUrl });
  await client.connect();
  await client.query(
    `select tidemark.track(tbl, key, prefixes, namespace, broadcast => false) from tidemark.watch`,
  );
  await client.end();
  return stack;
}

async function measureWay(stack: Stack, way: Way, counts: SampleCounts): Promise<ChangeSample[]> {
  const { journal, hint, load } = way;
  await using deployment = await Deployment.start({ stack, journal, hint, instances, table });
  const { samples, warmUp } = counts;
  const isRung = hint === 'broadcast' || hint === 'direct';
  return await sampleChanges({ stack, deployment, samples, warmUp, isRung, backgroundPerSecond: load });
}

async function measureFloors({ redisUrl, databaseUrl }: Stack, counts: SampleCounts): Promise<Floors> {
  const measure = async (open: Promise<BarePart>): Promise<number[]> => {
    await using part = await open;
    return await sampleFloor(part, counts);
  };
  return {
    notified: await measure(notification(databaseUrl)),
    decoded: await measure(decoding(databaseUrl)),
    asked: await measure(asking(databaseUrl)),
    published: await measure(publishing(redisUrl)),
    publishedToAll: await measure(publishingToProcesses(redisUrl, instances)),
  };
}
