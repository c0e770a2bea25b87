// Hints from PostgreSQL's own log: what they tell, and that they come back after each way of losing them.
import { type FaultProxy, type PostgresServer, startFaultProxy, until } from '@tidemark/devstack';
import { FakeClock, RecordedLog, settle } from '@tidemark/devstack/fakes';
import { type Clock, systemClock } from '@tidemark/protocol';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { itemTable, startDatabase } from '../testing/database.ts';
import { runSql } from '../testing/sql.ts';
import { directHints } from './direct-hints.ts';
import type { Hint, HintSource, HintStatus } from './hint-source.ts';
import { openDeadlineMs } from './journal-stream.ts';
import type { Settled } from './loss-meter.ts';

let postgres: PostgresServer;
let proxy: FaultProxy;
let source: HintSource;
let rings: Hint[];
let settled: Settled[];
let log: RecordedLog;

beforeAll(async () => {
  postgres = await startDatabase('direct');
  proxy = await startFaultProxy({ target: postgres });
});

afterAll(async () => {
  await proxy.close();
  await postgres.close();
});

beforeEach(() => {
  rings = [];
  settled = [];
  log = new RecordedLog();
});

afterEach(async () => {
  await source.close();
  await proxy.heal();
});

function start(connectionString = postgres.url, clock: Clock = systemClock): void {
  source = directHints({ connectionString, logger: log, clock });
  source.start({
    ring: (hint) => rings.push(hint ?? {}),
    watchPrefix: () => {},
    settle: (_name, one) => settled.push(one),
  });
}

function status(): HintStatus {
  const [status] = source.status();
  if (status === undefined) throw new Error('a source without a status');
  return status;
}

async function listening(): Promise<void> {
  await until(() => status().state === 'listening', { what: 'the source to listen' });
}

let changes = 0;

/** @returns its transaction */
async function change(): Promise<string> {
  changes += 1;
  await runSql(postgres.url, `insert into public.item (id) values ('item-${changes}')`);
  const [row] = await runSql(postgres.url, 'select xid::text from tidemark.change order by id desc limit 1');
  return (row as { xid: string }).xid;
}

async function announced(): Promise<void> {
  const before = rings.length;
  await change();
  await until(() => rings.length > before, { what: 'the change to be announced' });
}

/** What a round would say that found a change nobody has announced. */
function expectChange(xid: string, madeMs: number): void {
  source.expect({ sinceMs: madeMs, tables: [itemTable], changes: [{ table: itemTable, xid, madeMs }] });
}

const slots = (): Promise<unknown[]> =>
  runSql(postgres.url, `select from pg_replication_slots where slot_name like 'tidemark_hints_%'`);

describe('direct hints', () => {
  test('name the table of each change that commits, as one that may be early, and none that is rolled back', async () => {
    start();
    await listening();
    rings = [];
    await runSql(postgres.url, `begin; insert into public.item (id) values ('no'); rollback`);
    const xid = await change();
    await until(() => rings.length > 0, { what: 'the change to be announced' });
    expect(rings).toEqual([{ mayBeEarly: true, table: itemTable }]);
    expectChange(xid, systemClock.monotonicMs());
    expect(settled).toMatchObject([{ outcome: 'in time' }]);
  });

  test('ring when they begin to listen, because what was committed before went unannounced', async () => {
    start();
    await listening();
    expect(rings).toEqual([{ mayBeEarly: true }]);
  });

  test('say nothing of the rows that pruning takes away', async () => {
    start();
    await listening();
    await change();
    await until(() => rings.length === 2, { what: 'the change to be announced' });
    await runSql(postgres.url, 'delete from tidemark.change');
    await announced();
    expect(rings).toHaveLength(3);
  });

  test('say who may not stream, and what to do', async () => {
    start(postgres.urlFor('authenticator'));
    await until(() => status().state === 'refused', { what: 'the refusal' });
    expect(status().reason).toMatch(/REPLICATION/i);
  });

  test('give a server up that lets nobody have a slot, in a minute', async () => {
    proxy.silence();
    const clock = new FakeClock();
    start(proxy.urlFor(postgres.url), clock);
    await settle();
    await clock.advance(openDeadlineMs - 1);
    expect(status().state).toBe('joining');
    await clock.advance(1);
    expect(status()).toMatchObject({ state: 'refused', reason: expect.stringMatching(/within a minute/) });
  });
});

describe('direct hints come back', () => {
  test('after their connection was ended, and ring for what they missed', async () => {
    start();
    await listening();
    rings = [];
    await runSql(postgres.url, `select pg_terminate_backend(active_pid) from pg_replication_slots`);
    await until(() => status().state === 'refused', { what: 'the end to be noticed' });
    await listening();
    expect(status()).toMatchObject({ rebuilds: 1 });
    expect(rings).toEqual([{ mayBeEarly: true }]);
    await announced();
  });

  test('after a proxy went silent: a change that a round found gives the connection away', async () => {
    start(proxy.urlFor(postgres.url));
    await listening();
    await announced();
    proxy.silence();
    const madeMs = systemClock.monotonicMs() + 300;
    await until(() => systemClock.monotonicMs() > madeMs, { what: 'the last change to be long ago' });
    expectChange(await change(), madeMs);
    await until(() => status().silences === 1, { what: 'the silence to be noticed' });
    await proxy.heal();
    await listening();
    await announced();
  });

  test('after a restart, which they do not hold up', async () => {
    start();
    await listening();
    await announced();
    await postgres.restart('fast');
    await listening();
    await announced();
  });
});

describe('direct hints that are closed', () => {
  test('leave no slot behind, also when the server says nothing any more', async () => {
    start(proxy.urlFor(postgres.url));
    await listening();
    expect(await slots()).toHaveLength(1);
    proxy.silence();
    await source.close();
    expect(status().state).toBe('closed');
    // The proxy has kept the goodbye back, too.
    await proxy.heal();
    await until(async () => (await slots()).length === 0, { what: 'the slot to be gone' });
  });

  test('leave no timer behind', async () => {
    const clock = new FakeClock();
    start(postgres.urlFor('authenticator'), clock);
    await until(() => status().state === 'refused', { what: 'the refusal' });
    await source.close();
    expect(clock.pending).toBe(0);
  });
});
