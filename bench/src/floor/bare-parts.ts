// The bare parts that any invalidation is made of, each alone between two connections: what no cache that listens to a
// database and tells its instances by Redis can be faster than. Owns the listeners; decides nothing about what is shown.
import { randomBytes } from 'node:crypto';
import { until } from '@tidemark/devstack';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import { LogicalReplicationService, type Pgoutput, PgoutputPlugin } from 'pg-logical-replication';
import { stampMs } from '../freshness/stamp.ts';

/** One thing that is announced, and heard on another connection. */
export interface BarePart extends AsyncDisposable {
  /** Sends number `index`; resolves when the sender knows that it is done. */
  send(index: number): Promise<unknown>;
  /** When each number was heard. */
  readonly heardMs: ReadonlyMap<number, number>;
}

const createTable = 'create table if not exists public.bare_part (id integer primary key)';

async function connect(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
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
    send: (index) =>
      writer.query({
        name: 'notify',
        text: `with written as (insert into public.bare_part values ($1) returning id)
          select pg_notify('bare_part', id::text) from written`,
        values: [index],
      }),
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
    send: (index) =>
      writer.query({ name: 'insert', text: 'insert into public.bare_part values ($1)', values: [index] }),
    async [Symbol.asyncDispose]() {
      await service.destroy();
      await ended;
      await writer.query('drop publication bare_part');
      await writer.end();
    },
  };
}

/** PUBLISH, to the message of a subscriber. */
export async function publishing(redisUrl: string): Promise<BarePart> {
  const [publisher, subscriber] = [new Redis(redisUrl), new Redis(redisUrl, { enableReadyCheck: false })];
  await subscriber.subscribe('bare_part');
  const heardMs = new Map<number, number>();
  subscriber.on('message', (_channel, text) => heardMs.set(Number(text), stampMs()));
  return {
    heardMs,
    send: (index) => publisher.publish('bare_part', String(index)),
    async [Symbol.asyncDispose]() {
      await Promise.all([publisher.quit(), subscriber.quit()]);
    },
  };
}

class TemporarySlotPlugin extends PgoutputPlugin {
  override async start(client: Client, slotName: string, lastLsn: string): Promise<unknown> {
    await client.query(`CREATE_REPLICATION_SLOT "${slotName}" TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT`);
    return await super.start(client, slotName, lastLsn);
  }
}
