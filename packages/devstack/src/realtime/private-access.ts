// Who may read and write a private topic: PostgreSQL says so, by row level security on realtime.messages, as the
// subscriber. Owns the trial: rows are written and looked for in a transaction that is rolled back. service_role has
// BYPASSRLS and needs no policy.
import { randomUUID } from 'node:crypto';
import {
  type Ask,
  becoming,
  type Database,
  type Identity,
  postgresCode,
  type Query,
  type Row,
} from './database.ts';

type Extension = 'broadcast' | 'presence';

export interface TopicAccess {
  readonly canRead: ReadonlySet<Extension>;
  readonly canWrite: ReadonlySet<Extension>;
}

/** Of a channel that is not private: everybody may do everything. */
export const publicAccess: TopicAccess = {
  canRead: new Set(['broadcast', 'presence']),
  canWrite: new Set(['broadcast', 'presence']),
};

const extensions = ['broadcast', 'presence'] as const;

/** Rejects when PostgreSQL cannot be asked. */
export async function accessTo(database: Database, topic: string, identity: Identity): Promise<TopicAccess> {
  return await database.inRolledBackTransaction(async (ask) => {
    const ids = new Map<string, Extension>();
    for (const extension of extensions) {
      const id = randomUUID();
      ids.set(id, extension);
      await ask({
        text: `insert into realtime.messages (id, topic, extension, event, private) values ($1, $2, $3, 'access', true)`,
        values: [id, topic, extension],
      });
    }
    await ask({ text: `select set_config('realtime.topic', $1, true)`, values: [topic] });
    await ask(becoming(identity));
    const canRead = await readable(ask, ids);
    const canWrite = new Set<Extension>();
    for (const extension of extensions) {
      if (await isWritable(ask, topic, extension)) canWrite.add(extension);
    }
    return { canRead, canWrite };
  });
}

async function readable(ask: Ask, ids: ReadonlyMap<string, Extension>): Promise<ReadonlySet<Extension>> {
  const rows = await attempt(ask, {
    text: 'select id::text as id from realtime.messages where id = any($1::uuid[])',
    values: [[...ids.keys()]],
  });
  return new Set(rows?.flatMap((row) => ids.get(String(row['id'])) ?? []));
}

async function isWritable(ask: Ask, topic: string, extension: Extension): Promise<boolean> {
  const written = await attempt(ask, {
    text: `insert into realtime.messages (topic, extension, event, private) values ($1, $2, 'access', true)`,
    values: [topic, extension],
  });
  return written !== undefined;
}

/** undefined: PostgreSQL refused; the transaction goes on. */
async function attempt(ask: Ask, query: Query): Promise<readonly Row[] | undefined> {
  await ask({ text: 'savepoint attempt' });
  try {
    return await ask(query);
  } catch (error) {
    if (postgresCode(error) === undefined) throw error;
    await ask({ text: 'rollback to savepoint attempt' });
    return undefined;
  }
}
