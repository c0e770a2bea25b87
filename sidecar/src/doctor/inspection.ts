// What `public.tidemark_inspect` answers, checked where it enters.
import type { SupabaseClient } from '@supabase/supabase-js';
import { TidemarkError } from '@tidemark/protocol';
import * as z from 'zod';

type ApiRole = 'anon' | 'authenticated' | 'service_role';

export interface InspectedTable {
  readonly columns: readonly string[];
  readonly hasPrimaryKey: boolean;
  /** `d`: the primary key, `f`: the whole row, `i`: an index, `n`: nothing. */
  readonly replicaIdentity: 'd' | 'f' | 'i' | 'n';
  readonly isPublished: boolean;
  readonly hasRowSecurity: boolean;
  /** Which roles may read it, row level security apart. */
  readonly readers: readonly ApiRole[];
}

export interface Inspection {
  readonly hasPublication: boolean;
  /** Whether there is `realtime.send`, which the triggers call. */
  readonly sendsBroadcasts: boolean;
  readonly journal: InspectedTable;
  /** Who may call each function, by its signature. */
  readonly rpcs: Readonly<Record<string, readonly ApiRole[]>>;
  /** The tracked ones and those that were asked for, as far as they exist. */
  readonly tables: Readonly<Record<string, InspectedTable>>;
}

const role = z.enum(['anon', 'authenticated', 'service_role']);

const table = z.object({
  columns: z.array(z.string()),
  hasPrimaryKey: z.boolean(),
  replicaIdentity: z.enum(['d', 'f', 'i', 'n']),
  isPublished: z.boolean(),
  hasRowSecurity: z.boolean(),
  readers: z.array(role),
});

const answer: z.ZodType<Inspection> = z.object({
  hasPublication: z.boolean(),
  sendsBroadcasts: z.boolean(),
  journal: table,
  rpcs: z.record(z.string(), z.array(role)),
  tables: z.record(z.string(), table),
});

/**
 * @param targets tables beside the tracked ones
 * @throws TidemarkError `INSPECTION_FAILED`, with what to do
 */
export async function inspect(supabase: SupabaseClient, targets: readonly string[]): Promise<Inspection> {
  const { data, error, status } = await supabase.rpc('tidemark_inspect', { targets });
  const result = answer.safeParse(data);
  if (error === null && result.success) return result.data;
  throw new TidemarkError(sentenceOf(status, error), {
    code: 'INSPECTION_FAILED',
    cause: error ?? result.error,
  });
}

function sentenceOf(status: number, error: { code: string; message: string } | null): string {
  const migrations = 'apply the migrations of this version: supabase db push';
  if (error === null) return `public.tidemark_inspect does not answer as expected: ${migrations}`;
  if (error.code === 'PGRST202') return `there is no function public.tidemark_inspect: ${migrations}`;
  return `public.tidemark_inspect can't be asked (${status} ${error.code}: ${error.message}): check that service_role may execute it`;
}
