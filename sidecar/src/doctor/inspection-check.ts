// Can the project be asked about its publication, grants and columns? Older migrations can't say.
import type { Check } from './check.ts';
import { type Judgement, ok } from './finding.ts';
import { grantRpcSql, isDenied } from './journal.ts';

export const inspection: Check = {
  name: 'inspection',
  needs: () => ['data-api'],
  async run(patient) {
    try {
      await patient.inspection();
      return [ok('the project tells what it publishes and grants')];
    } catch (error) {
      return [judgeInspection(error)];
    }
  },
};

function judgeInspection(error: unknown): Judgement {
  const sentence = error instanceof Error ? error.message : String(error);
  if (error instanceof Error && isDenied(error.cause)) {
    return { status: 'fail', sentence, sql: [grantRpcSql('public.tidemark_inspect(text[])')] };
  }
  return { status: 'fail', sentence, command: 'supabase db push' };
}
