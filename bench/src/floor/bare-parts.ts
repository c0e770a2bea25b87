// The bare parts that any invalidation is made of, each alone: what no cache that listens to a database and tells its
// instances by Redis can be faster than. Owns the connections; decides nothing about what is shown.
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import { stampMs } from '../freshness/stamp.ts';
import { commitMoments } from './commit-moments.ts';

/** One thing that is done, and heard of on another connection. */
export interface BarePart extends AsyncDisposable {
  /** Does number `index`. */
  send(index: number): Promise<unknown>;
  /** When each number was heard. */
  readonly heardMs: ReadonlyMap<number, number>;
  /** When each number began: the commit, or the call. In the order of sending. */
  beganMs(): Promise<readonly number[]>;
}

const createTable = 'create table if not exists public.bare_part (id integer primary key)';

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

/** Commits, each noted by its transaction. */
function noteCommits(writer: Client, name: string, text: string): Pick<BarePart, 'send' | 'beganMs'> {
  const xids: string[] = [];
  return {
    async send(index) {
      const { rows } = await writer.query<{ xid: string }>({ name, text, values: [index] });
      xids.push(rows[0]?.xid ?? '');
    },
    beganMs: () => commitMoments(writer, xids),
  };
}

/** NOTIFY, sent at the commit of a row that is written, to LISTEN. */
export async function notification(databaseUrl: string): Promise<BarePart> {
  const [writer, listener] = [await connect(databaseUrl), await connect(databaseUrl)];
  await writer.query(`${createTable}; truncate public.bare_part`);
  await listener.query('listen bare_part');
  const heardMs = new Map<number, number>();
  listener.on('notification', ({ payload }) => heardMs.set(Number(payload), stampMs()));
  return {
    heardMs,
    ...noteCommits(
      writer,
      'notify',
      `with written as (insert into public.bare_part values ($1) returning id)
        select pg_notify('bare_part', id::text), pg_current_xact_id()::text as xid from written`,
    ),
    async [Symbol.asyncDispose]() {
      await Promise.all([writer.end(), listener.end()]);
    },
  };
}

/** A row that is written, to pgoutput's message of it. */
export async function decoding(databaseUrl: string): Promise<BarePart> {
  const writer = await connect(databaseUrl);
  await writer.query(`${createTable}; truncate public.bare_part`);
  await writer.query(`drop publication if exists bare_part`);
  await writer.query(`create publication bare_part for table public.bare_part with (publish = 'insert')`);
  const heardMs = new Map<number, number>();
  let isDecoding = false;
  const service = new LogicalReplicationService({ connectionString: databaseUrl });
  service.on('start', () => {
    isDecoding = true;
  });
  service.on('data', (_lsn, message: Pgoutput.Message) => {
    if (message.tag === 'insert') heardMs.set(Number(message.new['id']), stampMs());
  });
  const plugin = new TemporarySlotPlugin({ protoVersion: 1, publicationNames: ['bare_part'] });
  const ended = service.subscribe(plugin, `bare_part_${randomBytes(6).toString('hex')}`);
  await Promise.race([ended, until(() => isDecoding, { what: 'the decoding to begin' })]);
  return {
    heardMs,
    ...noteCommits(
      writer,
      'insert',
      'insert into public.bare_part values ($1) returning pg_current_xact_id()::text as xid',
    ),
    async [Symbol.asyncDispose]() {
      await service.destroy();
      await ended;
      await writer.query('drop publication bare_part');
      await writer.end();
    },
  };
}

/** The smallest query, to its answer: what any look at the database costs. */
export async function asking(databaseUrl: string): Promise<BarePart> {
  const client = await connect(databaseUrl);
  const beganMs: number[] = [];
  const heardMs = new Map<number, number>();
  return {
    heardMs,
    async send(index) {
      beganMs.push(stampMs());
      await client.query('select $1::integer', [index]);
      heardMs.set(index, stampMs());
    },
    beganMs: () => Promise.resolve(beganMs),
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** PUBLISH, to the message of a subscriber. */
export async function publishing(redisUrl: string): Promise<BarePart> {
  const subscriber = new Redis(redisUrl, { enableReadyCheck: false });
  await subscriber.subscribe('bare_part');
  const heardMs = new Map<number, number>();
  subscriber.on('message', (_channel, text) => heardMs.set(Number(text), stampMs()));
  return { heardMs, ...notePublications(redisUrl, () => subscriber.quit()) };
}

/** PUBLISH, to the message of the last of several subscribers, each in a process of its own. */
export async function publishingToProcesses(redisUrl: string, count: number): Promise<BarePart> {
  const file = path.join(import.meta.dirname, 'subscriber', 'main.ts');
  const open = (): ChildProcess => fork(file, [redisUrl], { execArgv: ['--conditions=@tidemark/source'] });
  const children = Array.from({ length: count }, open);
  await Promise.all(children.map((child) => once(child, 'message')));
  const heardMs = new Map<number, number>();
  const heard = new Map<number, number[]>();
  for (const child of children) {
    child.on('message', ({ index, atMs }: { index: number; atMs: number }) => {
      const times = [...(heard.get(index) ?? []), atMs];
      heard.set(index, times);
      if (times.length === count) heardMs.set(index, Math.max(...times));
    });
  }
  const end = async (): Promise<void> => {
    const ended = children.map((child) => once(child, 'exit'));
    for (const child of children) child.disconnect();
    await Promise.all(ended);
  };
  return { heardMs, ...notePublications(redisUrl, end) };
}

function notePublications(
  redisUrl: string,
  end: () => Promise<unknown>,
): Pick<BarePart, 'send' | 'beganMs' | typeof Symbol.asyncDispose> {
  const publisher = new Redis(redisUrl);
  const beganMs: number[] = [];
  return {
    send(index) {
      beganMs.push(stampMs());
      return publisher.publish('bare_part', String(index));
    },
    beganMs: () => Promise.resolve(beganMs),
    async [Symbol.asyncDispose]() {
      await Promise.all([publisher.quit(), end()]);
    },
  };
}

class TemporarySlotPlugin extends PgoutputPlugin {
  override async start(client: Client, slotName: string, lastLsn: string): Promise<unknown> {
    await client.query(`CREATE_REPLICATION_SLOT "${slotName}" TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`);
    return await super.start(client, slotName, lastLsn);
  }
}
