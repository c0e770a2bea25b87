// `npm run sql -- "update …"`: runs a statement on the stack that runs, as its owner, and prints what came of it. Never a
// stack trace: what a person did wrong is said in a sentence.
import { Client, type QueryResult } from 'pg';
import { noteFileFrom, readAnnouncement } from '../announcement.ts';
import { describeSqlError } from '../migrations/sql-error.ts';
import { formatResult } from '../sql-table.ts';

const nothingRuns =
  'no stack is running: start one with "npm run stack" or "npm run demo" in another terminal';

process.exitCode = await main(process.argv.slice(2));

async function main(words: readonly string[]): Promise<number> {
  const statement = words.join(' ').trim();
  if (statement === '') return complain('usage: npm run sql -- "select …"');
  const announcement = await readAnnouncement({ file: noteFileFrom(process.env) });
  if (announcement === undefined) return complain(nothingRuns);
  const client = new Client({ connectionString: announcement.databaseUrl, connectionTimeoutMillis: 5_000 });
  // What ends the connection makes the query fail, and is told there.
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (error) {
    return complain(`the database of the running stack does not answer: ${(error as Error).message}`);
  }
  try {
    for (const result of await run(client, statement)) console.log(formatResult(result));
    return 0;
  } catch (error) {
    return complain(...describeFailure(error, statement));
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function run(client: Client, text: string): Promise<QueryResult<Array<string | null>>[]> {
  // Values as PostgreSQL writes them, not as JavaScript would.
  const asText = { getTypeParser: () => (value: string) => value };
  const results: unknown = await client.query({ text, rowMode: 'array', types: asText });
  // Several statements in one text give several results.
  return (Array.isArray(results) ? results : [results]) as QueryResult<Array<string | null>>[];
}

function describeFailure(error: unknown, statement: string): string[] {
  const { message, line } = describeSqlError(error, statement);
  if (line === undefined) return [message];
  return [
    message,
    `line ${line.number}: ${line.text}`,
    `${' '.repeat(`line ${line.number}: `.length + line.column)}^`,
  ];
}

function complain(...lines: readonly string[]): 1 {
  for (const line of lines) console.error(line);
  return 1;
}
