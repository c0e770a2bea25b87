// Which schemas the Data API serves: loaders read tracked tables through it, and those of the journal's own are nobody's
// business.
import type { SupabaseClient } from '@supabase/supabase-js';
import { type Check, journalCheck } from './check.ts';
import { type Judgement, ok } from './finding.ts';

export const schemas: Check = {
  name: 'schemas',
  needs: (config) => ['data-api', ...journalCheck(config)],
  async run(patient) {
    const { watch } = await patient.read();
    const supabase = patient.newSupabase();
    const wanted = new Set([...(watch?.keys() ?? [])].map((table) => table.split('.')[0] ?? ''));
    const asked = [...wanted, ...closedSchemas].map(async (name) => ({
      name,
      isExposed: await isExposed(supabase, name),
    }));
    return judgeSchemas(await Promise.all(asked));
  },
};

/** They hold what the functions in `public` keep from others. */
const closedSchemas: readonly string[] = ['tidemark', 'copilot_private'];

/** The stores read it through the Data API, and in no other way. */
const storesSchema = 'copilot_internal';

export interface AskedSchema {
  readonly name: string;
  readonly isExposed: boolean;
}

export function judgeSchemas(asked: readonly AskedSchema[]): Judgement[] {
  const findings: Judgement[] = asked.flatMap(({ name, isExposed }) => {
    if (closedSchemas.includes(name)) {
      return isExposed ? [{ status: 'warn', sentence: openSentence(name) }] : [];
    }
    return isExposed
      ? []
      : [{ status: name === storesSchema ? 'fail' : 'warn', sentence: closedSentence(name) }];
  });
  return findings.length > 0
    ? findings
    : [ok('the schemas of the tracked tables are exposed, and no other of Tidemark')];
}

const settingsPlace =
  'the exposed schemas (settings of the Data API, or [api] schemas in supabase/config.toml)';

function closedSentence(name: string): string {
  return `the schema ${name} must be exposed for loaders that read its tables through the Data API, got a refusal: add it to ${settingsPlace}`;
}

function openSentence(name: string): string {
  return `the schema ${name} must not be exposed, got an answer from it: take it out of ${settingsPlace}`;
}

/** A table that is nowhere: PostgREST looks at the schema first. */
async function isExposed(supabase: SupabaseClient, schema: string): Promise<boolean> {
  const { error } = await supabase.schema(schema).from('tidemark_doctor').select().limit(0);
  return error?.code !== 'PGRST106';
}
