// tidemark invalidate: drops a key, a table or everything from every instance, by a row in the journal. The next round
// publishes it, so that it is as reliable as a change of the table itself: nobody has to be up to hear it.
import { type ChangedKeys, type Journal, spokenKey, type Watch } from '@tidemark/protocol';
import { readJournalConfig } from '../config/config.ts';
import { defaultKeyPrefix } from '../config/defaults.ts';
import { keyPrefixSchema } from '../config/schemas.ts';
import { prefixesOf, regionKeysOf } from '../redis/region-keys.ts';
import { openJournal } from '../start/open-journal.ts';
import { UsageError } from './cli-error.ts';
import { type Command, type CommandContext, exitCodes } from './command.ts';

interface Target {
  readonly table: string;
  readonly keys: ChangedKeys;
}

const usage = 'KEY | --table TABLE [ROW_KEY]... | --all';

export const invalidate: Command = {
  name: 'invalidate',
  summary: 'drop a key, a table or everything from every instance',
  usage,
  details:
    'KEY is a key of Redis, such as copilot:llm:policy:acme; a ROW_KEY is what follows the prefix, such as acme. Journals the change, and the next round publishes it: it can not be lost.',
  flags: {
    table: { value: 'TABLE', meaning: 'the rows with these keys, or without keys the whole table' },
    all: { meaning: 'every tracked table' },
  },
  async run(context) {
    refuseMixtures(context);
    const config = readJournalConfig(context.settings);
    context.settings.refuseProblems();
    const journal = openJournal(config);
    try {
      const { watch } = await journal.read({ since: null, knownWatchHash: null, signal: context.signal });
      const targets = targetsOf(context, watch ?? new Map());
      if (typeof targets === 'string') {
        if (context.isJson) context.out(JSON.stringify({ invalidated: [], problem: targets }));
        else context.out(targets);
        return exitCodes.findings;
      }
      await write(context, journal, targets);
      return exitCodes.fine;
    } finally {
      await journal.close();
    }
  },
};

function refuseMixtures({ positionals, flags }: CommandContext): void {
  const isAll = flags.has('all');
  const isTable = flags.has('table');
  const isFine = isAll ? !isTable && positionals.length === 0 : isTable || positionals.length === 1;
  if (!isFine) throw new UsageError(`invalidate must be given one of ${usage}, got another mixture of them`);
}

/** @returns what to journal, or a sentence on why there is nothing */
function targetsOf(
  { positionals, flags, settings }: CommandContext,
  watch: Watch,
): readonly Target[] | string {
  const tracked = [...watch.keys()].sort();
  if (tracked.length === 0) return 'no table is tracked: track one with tidemark track';
  if (flags.has('all')) return tracked.map((table) => ({ table, keys: null }));
  const table = flags.get('table');
  if (table !== undefined) {
    if (!watch.has(table)) return `${table} is not tracked: tracked are ${tracked.join(', ')}`;
    return [{ table, keys: positionals.length === 0 ? null : positionals }];
  }
  const [given = ''] = positionals;
  const keyPrefix = settings.read('TIDEMARK_KEY_PREFIX', keyPrefixSchema) ?? defaultKeyPrefix;
  const key = spokenKey(keyPrefix, given);
  const regions = regionKeysOf(key, watch);
  if (regions.length === 0) {
    return `${key} is under no prefix that is watched: watched are ${prefixesOf(watch).join(', ')}`;
  }
  return regions.flatMap(({ tables, encodedKey }) =>
    tables.map(({ table }) => ({ table, keys: [encodedKey] })),
  );
}

async function write(
  { isJson, out }: CommandContext,
  journal: Journal,
  targets: readonly Target[],
): Promise<void> {
  for (const { table, keys } of targets) {
    await journal.invalidate(table, keys);
    if (!isJson) out(`journaled: ${table} ${keys === null ? '(whole table)' : keys.join(', ')}`);
  }
  if (isJson) out(JSON.stringify({ invalidated: targets }));
  else out('the next round publishes it; tidemark tail shows it');
}
