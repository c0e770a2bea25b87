// Does the journal answer, over the Data API and over the direct connection: the URL, the key, its role, the exposed
// schema and the migrations are all in this one question, and its refusals say which of them is wrong.
import { type JournalRead, TidemarkError } from '@tidemark/protocol';
import type { Check } from './check.ts';
import { type Judgement, ok, skipped } from './finding.ts';

export const dataApi: Check = {
  name: 'data-api',
  needs: () => [],
  async run(patient) {
    const { supabase } = patient.config;
    if (supabase === undefined) return [skipped('SUPABASE_URL and the key are not set, or are wrong')];
    return [judgeJournal(await answerOf(patient.readJournal(patient.rpcJournal)), 'the Data API')];
  },
};

export const database: Check = {
  name: 'database',
  needs: () => [],
  async run(patient) {
    if (patient.config.databaseUrl === undefined) {
      return [skipped('DATABASE_URL is not set: rounds read the journal over the Data API')];
    }
    return [judgeJournal(await answerOf(patient.readJournal(patient.directJournal)), 'PostgreSQL')];
  },
};

async function answerOf(read: Promise<JournalRead>): Promise<JournalRead | Error> {
  try {
    return await read;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

export function judgeJournal(answer: JournalRead | Error, who: string): Judgement {
  if (!(answer instanceof Error)) {
    if (!answer.isInRecovery) return ok(`${who} answers, and lets the journal be read`);
    return {
      status: 'fail',
      sentence: `${who} leads to a standby or a server in recovery: use the address of the primary`,
    };
  }
  const code = answer instanceof TidemarkError ? answer.code : '';
  if (code === 'JOURNAL_NOT_INSTALLED') {
    return { status: 'fail', sentence: answer.message, command: 'supabase db push' };
  }
  // The key says service_role, and Supabase took it: so the role itself lacks the right.
  if (code === 'JOURNAL_KEY_REFUSED' && isDenied(answer.cause)) {
    return {
      status: 'fail',
      sentence: `${who} answers, and the role may not execute public.tidemark_changes_since: grant it`,
      sql: [grantRpcSql('public.tidemark_changes_since(text,text)')],
    };
  }
  return { status: 'fail', sentence: answer.message };
}

/** To service_role, and to nobody else. */
export function grantRpcSql(rpc: string): string {
  return `select tidemark.grant_to_sidecar('${rpc}');`;
}

/** Whether PostgreSQL said that the role lacks a right. */
export function isDenied(cause: unknown): boolean {
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === '42501';
}
