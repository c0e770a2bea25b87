// tidemark explain KEY: what is known of one L2 value: whose it is, what invalidates it, and whether it would be served.
// Shows no value: it may be anybody's row.
import {
  formatPosition,
  namespaceKeys,
  parseValue,
  since,
  spokenKey,
  storedKey,
  valueOwner,
  type Watch,
} from '@tidemark/protocol';
import { prefixesOf, type RegionKey, regionKeysOf } from '../redis/region-keys.ts';
import { UsageError } from './cli-error.ts';
import { type Command, type ExitCode, exitCodes } from './command.ts';
import { readNamespaces } from './namespaces.ts';
import { type CommandRedis, withRedis } from './redis-connection.ts';
import { type Verdict, verdictOf } from './verdict.ts';

export const explain: Command = {
  name: 'explain',
  summary: 'say whether the L2 value of a key is fresh, and what invalidates it',
  usage: 'KEY',
  details:
    'KEY is a key of Redis, such as copilot:llm:policy:acme. Exit code 1 when it is not in L2, or would not be served.',
  flags: {},
  async run(context) {
    const [given, ...more] = context.positionals;
    if (given === undefined || more.length > 0) {
      throw new UsageError(
        'explain must be given one key, as Redis has it: tidemark explain copilot:llm:policy:acme',
      );
    }
    return withRedis(context, async (connection) => {
      const namespaces = await readNamespaces(connection);
      const watch: Watch = new Map(namespaces.flatMap((view) => [...(view.watch?.tables ?? [])]));
      const key = spokenKey(connection.keyPrefix, given);
      const regions = regionKeysOf(key, watch);
      const found = await Promise.all(regions.map((region) => look(connection, key, region)));
      if (context.isJson) context.out(JSON.stringify({ key, regions: found }));
      else
        for (const line of found.length === 0 ? unknown(key, watch) : found.flatMap(describe))
          context.out(line);
      return codeOf(found);
    });
  },
};

interface Found extends RegionKey {
  /** In UTF-16 units, all of it. */
  readonly length: number | null;
  /** null: not in L2. */
  readonly ttlMs: number | null;
  readonly notedAt: string | null;
  readonly head: string | null;
  readonly floor: number | null;
  readonly verdict: Verdict;
}

async function look(connection: CommandRedis, key: string, region: RegionKey): Promise<Found> {
  const { keyPrefix, layout } = connection;
  const keys = namespaceKeys(keyPrefix, region.namespace, layout);
  const redis = await connection.at(region.namespace);
  const stored = storedKey(keys, key);
  // MGET: a key of another type is no value, as it is none for an instance.
  const [[text = null], ttlMs] = await Promise.all([redis.mget(stored), redis.pttl(stored)]);
  const owner = valueOwner(region.prefix, region.encodedKey);
  const value = text === null ? undefined : (parseValue(owner, text) ?? null);
  const now = await since(redis, {
    keys,
    position: value?.notedAt ?? null,
    knownWatchHash: null,
  });
  const head = now?.head ?? null;
  return {
    ...region,
    length: text?.length ?? null,
    ttlMs: text === null ? null : ttlMs,
    notedAt: value ? formatPosition(value.notedAt) : null,
    head: head === null ? null : formatPosition(head.position),
    floor: head?.floor ?? null,
    verdict: verdictOf({ region, head, value, records: now?.records ?? null }),
  };
}

function describe({ prefix, encodedKey, namespace, tables, length, ttlMs, ...found }: Found): string[] {
  const rows: [string, string][] = [
    ['region', `${prefix}, key ${encodedKey}`],
    ['namespace', namespace],
    ...tables.map(({ table, problem }): [string, string] => [
      'invalidated by',
      problem === null ? table : `${table}, untrusted: ${problem}`,
    ]),
    ['in L2', length === null ? 'no' : `${length} characters, ${lifeOf(ttlMs ?? 0)}`],
    ['noted at', found.notedAt ?? 'unknown'],
    ['head', found.head === null ? 'none' : `${found.head}, floor ${found.floor}`],
    ['verdict', `${found.verdict.kind}: ${found.verdict.reason}`],
  ];
  return rows
    .filter(([name]) => length !== null || name !== 'noted at')
    .map(([name, text]) => `${name.padEnd(14)}  ${text}`);
}

/** What an instance stores has a TTL, always. */
function lifeOf(ttlMs: number): string {
  return ttlMs < 0 ? 'without a TTL' : `for another ${Math.round(ttlMs / 1_000)} s`;
}

function unknown(key: string, watch: Watch): string[] {
  const prefixes = prefixesOf(watch);
  return [
    `${key} is under no prefix that is watched: no table invalidates it`,
    prefixes.length === 0
      ? 'nothing is watched: track a table with tidemark track'
      : `watched prefixes: ${prefixes.join(', ')}`,
  ];
}

function codeOf(found: readonly Found[]): ExitCode {
  return found.some(({ verdict }) => verdict.kind === 'fresh') ? exitCodes.fine : exitCodes.findings;
}
