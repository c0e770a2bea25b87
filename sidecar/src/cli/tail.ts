// tidemark tail: the records as instances hear them, while they are published. What happened while the connection was
// lost is not shown, and it is said so: the log heals instances, this is for people.
import { formatPosition, type LogRecord, parseMessage } from '@tidemark/protocol';
import { UsageError } from './cli-error.ts';
import { type Command, type CommandContext, type ExitCode, exitCodes } from './command.ts';
import { hearRecords } from './hear-records.ts';
import { type CommandRedis, withRedis } from './redis-connection.ts';

/** Keys of one table that a line shows. */
const shownKeys = 8;

export const tail: Command = {
  name: 'tail',
  summary: 'show invalidations while they happen',
  usage: '[--namespace NAME] [--table TABLE] [--count N]',
  details: 'Ends with Ctrl-C, or after N records.',
  flags: {
    namespace: { value: 'NAME', meaning: 'of this namespace only; default all' },
    table: { value: 'TABLE', meaning: 'records that name this table only' },
    count: { value: 'N', meaning: 'end after so many records' },
  },
  run(context) {
    const count = Number(context.flags.get('count') ?? Number.POSITIVE_INFINITY);
    if (context.positionals.length > 0) {
      throw new UsageError('tail must be given flags only, got something else: name a table by --table');
    }
    if (!(count === Number.POSITIVE_INFINITY || (Number.isSafeInteger(count) && count > 0))) {
      throw new UsageError(`--count must be a whole number from 1, got "${context.flags.get('count')}"`);
    }
    return withRedis(context, (connection) => follow(context, connection, count));
  },
};

async function follow(context: CommandContext, connection: CommandRedis, count: number): Promise<ExitCode> {
  const { flags, isJson, out, err, clock, signal } = context;
  const table = flags.get('table');
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let seen = 0;
  const hear = (namespace: string, text: string): void => {
    const record = parseMessage(text);
    if (record === undefined || seen >= count) return;
    if (table !== undefined && !record.changes.has(table)) return;
    const heard = { at: new Date(clock.wallMs()), namespace, record };
    out(isJson ? jsonLine(heard) : line(heard));
    seen += 1;
    if (seen === count) end();
  };
  signal.addEventListener('abort', () => end());
  const hearings = await hearRecords(connection, flags.get('namespace'), hear);
  const tellListening = (): void => err(`tidemark: listening at ${connection.address}`);
  let isConnected = true;
  const onClose = (): void => {
    if (isConnected) err('tidemark: the connection to Redis is lost; what happens meanwhile is not shown');
    isConnected = false;
  };
  for (const { subscriber, subscribe } of hearings) {
    subscriber.on('close', onClose);
    subscriber.on('ready', () => {
      isConnected = true;
      // The connection may break at once; then the next one subscribes.
      subscribe().then(tellListening, () => {});
    });
  }
  await Promise.all(hearings.map(({ subscribe }) => subscribe()));
  tellListening();
  if (!signal.aborted) await ended;
  // The end of the command is no loss.
  for (const { subscriber } of hearings) subscriber.off('close', onClose);
  return exitCodes.fine;
}

export interface HeardRecord {
  readonly at: Date;
  readonly namespace: string;
  readonly record: LogRecord;
}

export function jsonLine({ at, namespace, record }: HeardRecord): string {
  return JSON.stringify({
    at: at.toISOString(),
    namespace,
    position: formatPosition(record.position),
    previous: record.previous === null ? null : formatPosition(record.previous),
    changes: Object.fromEntries(record.changes),
  });
}

export function line({ at, namespace, record }: HeardRecord): string {
  const changes = [...record.changes].map(([table, keys]) => `${table} ${keysText(keys)}`);
  const what = changes.length > 0 ? changes.join('; ') : linkText(record);
  return `${at.toISOString().slice(11, 23)}  ${namespace}  ${formatPosition(record.position)}  ${what}`;
}

function keysText(keys: readonly string[] | null): string {
  if (keys === null) return '(whole table)';
  const shown = keys.slice(0, shownKeys).join(', ');
  return keys.length <= shownKeys ? shown : `${shown} and ${keys.length - shownKeys} more`;
}

/** Only the first record of a generation names no change. */
function linkText({ previous }: LogRecord): string {
  return previous === null
    ? 'new generation, linked to nothing: every instance starts anew'
    : `new generation, goes on from ${formatPosition(previous)}`;
}
