// Every recording of a real Realtime server, played against the gateway and compared frame by frame. The result is
// CONFORMANCE.md of this package: `vitest run -u` writes it, and every other run fails where it is not what comes out.
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RealtimeBench, startRealtimeBench } from '../testing/realtime-bench.ts';
import { type ConformanceCase, conformanceCases } from '../testing/realtime-cases.ts';
import { replay } from '../testing/realtime-replay.ts';
import { transcriptNames } from '../testing/realtime-transcript.ts';
import { Writer } from '../testing/realtime-writer.ts';
import { recordedVices } from './vices.ts';

let bench: RealtimeBench;
const rows = new Map<string, string>();

beforeAll(async () => {
  bench = await startRealtimeBench();
});
afterAll(async () => await bench.close());

const cleanUp = `
  drop trigger if exists announce on copilot_internal.norls_full;
  truncate copilot_internal.tenant_llm_policies, copilot_internal.rls_full, copilot_internal.norls_default,
    copilot_internal.norls_full, copilot_internal.composite, copilot_internal.no_pk, copilot_internal.no_grant,
    copilot_internal.not_published, copilot_internal.lat, copilot_internal.bulk, realtime.messages;
  insert into copilot_internal.lat (id, v) values (1, 0)`;

async function play(
  name: string,
  how: ConformanceCase,
): Promise<{ frames: number; differences: readonly string[] }> {
  await bench.sql(cleanUp);
  if (how.setUp !== undefined) await bench.sql(how.setUp);
  await using door = await bench.openDoor(how.options);
  Object.assign(door.gateway.vices, recordedVices(), how.vices);
  const writer = new Writer(bench, how.writesAfter);
  const direction = how.direct?.({ bench, door, writer }) ?? {};
  try {
    const result = await replay({ bench, door, name, isFolded: how.isFolded ?? false, ...direction });
    const judged = direction.judge?.((conn = 'c1') => result.received.get(conn) ?? []) ?? [];
    return { frames: result.frames, differences: [...result.differences, ...judged] };
  } finally {
    await writer.stop();
  }
}

for (const name of transcriptNames()) {
  const how = conformanceCases.find(({ names }) => names.some((start) => name.startsWith(start)));

  test(`${name} is as recorded`, async () => {
    if (how === undefined) throw new Error(`no case plays the recording ${name}`);
    const { frames, differences } = await play(name, how);
    const same = how.scaled === '' ? 'same' : 'same, scaled';
    const verdict = differences.length === 0 ? same : 'different';
    const folded = how.isFolded === true ? 'runs of equal events count once' : '';
    const remarks = [...differences, how.scaled, folded].filter((text) => text !== '').join('; ');
    rows.set(name, `| ${name} | ${verdict} | ${frames} | ${remarks.replaceAll('|', '\\|')} |`);
    expect(differences).toEqual([]);
  });
}

test('CONFORMANCE.md says what came out', async () => {
  const report = `# The gateway and a real Realtime server

Written by realtime.conformance.stack.test.ts: each recording in fixtures/realtime-transcripts is played against the
gateway, with the frames the recorded client sent and the statements that were committed, and what comes back is compared
as text, connection by connection and topic by topic. Left out of the comparison: times of clocks, tokens, random ids,
hashes of bindings (their order is compared), and the order between heartbeats and other frames. No duration is compared:
in every case the gateway looks at the changes every 10 ms instead of 500, refuses a connection after 20 ms instead of 2 s,
and repeats \`system ok\` 20 ms after a new token instead of about 1.1 s later. In 07, 07a and 14 the recording has no frames
of changes; what came is compared with its summary (how many, in which order, what was lost).

- **same**: every recorded frame came, in its order, and no other.
- **same, scaled**: so it was, and what was lost has the form of the recording (one uninterrupted run, to the end or not,
  nothing twice); but something took less time than in the recording, and the last column says what.
- **different**: the last column says where.

| recording | verdict | frames | what is not as it was |
| --- | --- | --- | --- |
${transcriptNames()
  .map((name) => rows.get(name) ?? `| ${name} | not played | | |`)
  .join('\n')}
`;
  await expect(report).toMatchFileSnapshot(path.join(import.meta.dirname, '../../CONFORMANCE.md'));
});
