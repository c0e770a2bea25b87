// The journal that a configuration names: over a direct connection, or through Supabase's Data API. Nothing is opened
// before it is first used.
import { postgresJournal, supabaseJournal } from '@tidemark/engine';
import type { Journal } from '@tidemark/protocol';
import type { JournalConfig } from '../config/config.ts';
import { connectSupabase, requireSupabase } from './supabase-client.ts';

export function openJournal({ databaseUrl, supabase }: JournalConfig): Journal {
  if (databaseUrl !== undefined) return postgresJournal({ connectionString: databaseUrl });
  return supabaseJournal(connectSupabase(requireSupabase(supabase)));
}
