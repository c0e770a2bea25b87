// What the hint sources announce and lose, against the Realtime gateway and a real journal: each change is recognised in
// what really arrives, and what does not arrive is counted, told, and mended by another channel.
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import { type Stack, startStack, until } from '@tidemark/devstack';
import { RecordedLog } from '@tidemark/devstack/fakes';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createEngine, type RunningEngine } from '../engine.ts';
import { postgresJournal } from '../journal/postgres-journal.ts';
import { ScriptedTarget } from '../testing/scripted-target.ts';
import type { HintStatus } from './hint-source.ts';
import type { LossCounts } from './loss-meter.ts';
import { realtimeHints } from './realtime-hints.ts';

const policies = 'copilot_internal.tenant_llm_policies';
const journalHint = 'changes of tidemark.change';

let stack: Stack;
let sql: Client;
let engine: RunningEngine;
let log: RecordedLog;
let tenants = 0;

beforeAll(async () => {
  stack = await startStack({ redis: false });
  sql = new Client({ connectionString: stack.databaseUrl });
  await sql.connect();
});

afterAll(async () => {
  await sql.end();
  await stack.close();
});

afterEach(() => engine.close());

async function start(
  supabase: SupabaseClient = createClient(stack.url, stack.serviceRoleKey),
): Promise<void> {
  log = new RecordedLog();
  engine = createEngine({
    journal: postgresJournal({ connectionString: stack.databaseUrl }),
    hints: [realtimeHints({ supabase, logger: log })],
    roundEvery: 100,
    logger: log,
  });
  const target = new ScriptedTarget();
  engine.start({ keyPrefix: 'copilot', localTarget: () => target });
  // What was committed before the first round is found by none.
  await until(() => target.published.length > 0, { what: 'the first round' });
  await untilHint('broadcast', ({ state }) => state === 'listening');
  await untilHint(journalHint, ({ state }) => state === 'listening');
}

function hint(name: string): HintStatus {
  const found = engine.status().hints.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no hint source "${name}"`);
  return found;
}

function counts(name: string): LossCounts {
  return hint(name).announced!;
}

function untilHint(name: string, is: (status: HintStatus) => boolean): Promise<void> {
  return until(() => is(hint(name)), { what: `the hint source ${name}`, everyMs: 10, deadlineMs: 60_000 });
}

async function change(): Promise<void> {
  tenants += 1;
  await sql.query(
    `insert into ${policies} (tenant_id, default_model, default_provider) values ($1, 'm', 'p')`,
    [`loss-${tenants}`],
  );
}

describe('a change', () => {
  test('is recognised in a broadcast and in a row of the journal, and the delay of each is known', async () => {
    await start();
    for (let count = 0; count < 5; count += 1) await change();
    for (const name of ['broadcast', journalHint]) {
      await untilHint(name, ({ announced }) => announced?.inTime === 5);
      expect(counts(name)).toMatchObject({ late: 0, never: 0, away: 0 });
    }
    // Broadcasts come from the log of the server as it is written; the other feed is looked at twice a second.
    expect(counts('broadcast').medianDelayMs!).toBeLessThan(counts(journalHint).medianDelayMs!);
  });

  test('of several tables in one transaction is one change of each', async () => {
    await start();
    await sql.query(
      `begin; delete from ${policies}; select tidemark.add_change('copilot_internal.conversations', '{a}', true); commit`,
    );
    for (const name of ['broadcast', journalHint])
      await untilHint(name, ({ announced }) => announced?.inTime === 2);
  });

  test('that its source keeps to itself is lost, told once, and the next channel announces again (RT4)', async () => {
    await start();
    stack.realtime.vices.areBroadcastsSilent = true;
    await change();
    await untilHint('broadcast', ({ announced }) => announced?.never === 1);
    await change();
    await untilHint(journalHint, ({ announced }) => announced?.inTime === 2);
    stack.realtime.vices.areBroadcastsSilent = false;
    await untilHint('broadcast', ({ state, rebuilds }) => state === 'listening' && rebuilds === 1);
    const before = counts('broadcast');
    expect(before.never + before.away).toBe(2);
    await change();
    await untilHint('broadcast', ({ announced }) => announced?.inTime === 1);
    expect(hint('broadcast').silences).toBe(1);
    expect(log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields)).toMatchObject([
      { hint: 'broadcast', state: 'silent' },
    ]);
  });
});

test('a token that has expired is replaced when the channel is built anew (RT10)', async () => {
  let expiresInSeconds = 3;
  await start(
    createClient(stack.url, stack.serviceRoleKey, {
      accessToken: () => stack.signJwt({ role: 'service_role' }, { expiresInSeconds }),
    }),
  );
  const hints = (): readonly HintStatus[] => engine.status().hints;
  await until(() => hints().every(({ state }) => state === 'listening'), { what: 'the first channels' });
  // The first channel that is closed gets a new token, which the others on its connection may profit from.
  expiresInSeconds = 3_600;
  await until(() => hints().some(({ rebuilds = 0 }) => rebuilds > 0), { what: 'another channel' });
  await until(() => hints().every(({ state }) => state === 'listening'), {
    what: 'every channel to listen',
    deadlineMs: 60_000,
  });
  await change();
  await untilHint('broadcast', ({ announced }) => announced!.inTime > 0);
});

test('a binding that the server refuses disables no other one (RT1)', async () => {
  await sql.query('alter publication supabase_realtime drop table copilot_internal.conversations');
  try {
    await start();
    await untilHint('changes of copilot_internal.conversations', ({ state }) => state === 'refused');
    await untilHint(`changes of ${policies}`, ({ state }) => state === 'listening');
    await change();
    await untilHint(journalHint, ({ announced }) => announced?.inTime === 1);
    await untilHint('broadcast', ({ announced }) => announced?.inTime === 1);
    await untilHint(`changes of ${policies}`, ({ heard }) => heard > 0);
  } finally {
    await sql.query('alter publication supabase_realtime add table copilot_internal.conversations');
  }
});
