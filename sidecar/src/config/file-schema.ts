// The shape of the configuration file: which keys there are and how they nest. Editors get it as a JSON Schema
// (sidecar/tidemark.schema.json). What a value may be is said by the schemas of the settings alone, for flags, variables
// and file alike; the patterns here only help whoever types.
import * as z from 'zod';
import { logLevels } from '../log/logger.ts';
import { defaultHost, defaultKeyPrefix, defaultLogLevel, defaultPort } from './defaults.ts';

/** The end of a sentence, which differs for a key that is not there at all. */
const otherwise =
  (sentence: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? 'must be given, got nothing: write it' : sentence;

const text = (meta: z.GlobalMeta): z.ZodType =>
  z.string({ error: otherwise('must be a text, got something else: put it into quotes') }).meta(meta);

const value = (meta: z.GlobalMeta): z.ZodType =>
  z
    .union([z.string(), z.number(), z.boolean()], {
      error: 'must be a single value, got a list or a mapping: put it into quotes if it is a text',
    })
    .meta(meta);

const texts = (meta: z.GlobalMeta): z.ZodType =>
  z
    .union([z.string(), z.array(z.string())], {
      error: otherwise('must be a text or a list of texts, got something else: put each into quotes'),
    })
    .meta(meta);

const mapping = (shape: z.core.$ZodLooseShape, description: string): z.ZodType =>
  z
    .strictObject(shape, {
      error: (issue) => (issue.code === 'invalid_type' ? notAMapping(shape) : undefined),
    })
    .partial()
    .meta({ description });

function notAMapping(shape: object): string {
  return `must be a mapping, got something else: it has the keys ${Object.keys(shape).join(', ')}`;
}

const secretFile = (what: string): z.ZodType =>
  text({
    description: `File that holds ${what}, relative to this one. Secrets never stand here themselves.`,
    examples: ['/run/secrets/name'],
  });

const duration = { examples: ['250ms', '2s', '1m'] };

const tableName = { description: 'schema.table, without quotes', examples: ['public.customers'] };

const lists = { error: 'must be a list, got something else: begin each entry with "- "' };

const table = z.strictObject(
  {
    table: text(tableName),
    key: text({
      description: 'What tells its rows apart in the cache: a column, or an SQL expression over one row',
      examples: ['id', 'array[tenant_id, id]'],
    }),
    prefixes: texts({ description: 'What the L2 keys of its regions begin with' }),
  },
  { error: entryError('table, key, prefixes') },
);

const bestEffortTable = z.strictObject(
  {
    table: text(tableName),
    key: texts({ description: 'Its key columns' }),
    prefix: text({ description: 'What the L2 keys of its region begin with' }),
  },
  { error: entryError('table, key, prefix') },
);

const checkedTable = z.strictObject(
  {
    table: text(tableName),
    fields: texts({
      description:
        'How columns are called in the values, where it is not their name in camelCase; nothing after "=": not compared',
      examples: [['full_name=name', 'internal_note=']],
    }).optional(),
  },
  { error: entryError('table, fields') },
);

function entryError(keys: string): (issue: { code?: string }) => string | undefined {
  return ({ code }) =>
    code === 'invalid_type' ? `must be a mapping with ${keys}, got something else` : undefined;
}

const supabase = {
  url: text({ description: 'URL of the project', examples: ['https://abc.supabase.co'] }),
  serviceRoleKeyFile: secretFile('the service_role key or a secret key'),
};

const redis = {
  url: text({
    description: 'A single Redis, or the https:// URL of Upstash',
    examples: ['redis://redis:6379'],
  }),
  username: text({ description: 'User, when the URL holds none' }),
  passwordFile: secretFile('the password'),
  tokenFile: secretFile('the token of Upstash'),
  sentinels: texts({ description: 'Instead of a URL', examples: [['sentinel-1:26379', 'sentinel-2:26379']] }),
  name: text({ description: 'What the sentinels call the primary' }),
  sentinelPasswordFile: secretFile('the password of the sentinels'),
  cluster: texts({
    description: 'Instead of url: some nodes of a Redis Cluster',
    examples: [['node-1:6379', 'node-2:6379']],
  }),
  tls: value({ description: 'true: over TLS; a rediss:// URL says so itself' }),
};

const checker = {
  perSecond: value({
    description: 'L2 values that are compared with the source each second; 0, off, when absent',
    examples: [1],
  }),
  tables: z
    .array(checkedTable, lists)
    .meta({ description: 'Only of these tables; of every tracked one when absent' }),
};

const http = {
  host: text({ description: `Address to listen on; ${defaultHost} when absent` }),
  port: value({ description: `Its port, 0 for any that is free; ${defaultPort} when absent` }),
};

const file = {
  supabase: mapping(supabase, 'Where Supabase is'),
  databaseUrlFile: secretFile(
    'the connection string of PostgreSQL, to read the journal over a direct connection',
  ),
  redis: mapping(redis, 'Where Redis is: url, sentinels and name, or cluster'),
  keyPrefix: text({
    description: `First part of every Redis key, as in the instances; ${defaultKeyPrefix} when absent`,
  }),
  roundEvery: value({ description: 'Period of the rounds', ...duration }),
  maxStaleness: value({ description: 'The smallest maxStaleness of any region', ...duration }),
  hints: texts({
    description: 'What rings for a round at once: broadcast, changes, direct (over databaseUrlFile), or none',
    examples: [['broadcast', 'changes']],
  }),
  tables: z
    .array(table, lists)
    .meta({ description: 'The tables that should be tracked: the sidecar warns of those that are not' }),
  bestEffortTables: z
    .array(bestEffortTable, lists)
    .meta({ description: 'Tables without triggers, fed by Realtime alone: no bound is promised there' }),
  checker: mapping(checker, 'Compares L2 values with the source, a few each second'),
  http: mapping(http, 'Where the sidecar answers'),
  logLevel: text({ description: `How much is logged; ${defaultLogLevel} when absent`, enum: logLevels }),
  otlpEndpoint: text({
    description: 'Collector to which the metrics and a trace of the rounds go, by OTLP over HTTP',
    examples: ['http://collector:4318'],
  }),
};

export const fileSchema: z.ZodType = mapping(file, 'Configuration of the Tidemark sidecar');

/** The keys that the mapping at a path has; for the sentence about one that it has not. */
export function keysAt(path: readonly PropertyKey[]): readonly string[] {
  const [first, second, third] = path;
  if (first === undefined) return Object.keys(file);
  if (first === 'tables') return Object.keys(table.shape);
  if (first === 'bestEffortTables') return Object.keys(bestEffortTable.shape);
  if (first === 'checker' && third !== undefined) return Object.keys(checkedTable.shape);
  const shapes: Readonly<Record<PropertyKey, object>> = { supabase, redis, checker, http };
  return second === undefined ? Object.keys(shapes[first] ?? {}) : [];
}

/** What stands in sidecar/tidemark.schema.json. */
export function jsonSchemaText(): string {
  return `${JSON.stringify(z.toJSONSchema(fileSchema), null, 2)}\n`;
}
