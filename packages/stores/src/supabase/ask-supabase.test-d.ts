// Any supabase-js client will do, whatever its database types.
import type { SupabaseClient } from '@supabase/supabase-js';
import { expectTypeOf, test } from 'vitest';
import type { SupabaseSource } from './ask-supabase.ts';

interface UntypedTables {
  Tables: Record<string, never>;
  Views: Record<string, never>;
  Functions: Record<string, never>;
}

interface Generated {
  public: UntypedTables;
  copilot_internal: {
    Tables: {
      tenant_llm_policies: {
        Row: { tenant_id: string };
        Insert: { tenant_id: string };
        Update: { tenant_id?: string };
        Relationships: [];
      };
    };
    Views: Record<string, never>;
    Functions: Record<string, never>;
  };
}

test('a client without types, and one with generated types', () => {
  expectTypeOf<SupabaseClient>().toExtend<SupabaseSource>();
  expectTypeOf<SupabaseClient<Generated>>().toExtend<SupabaseSource>();
  expectTypeOf<SupabaseClient<Generated, 'copilot_internal'>>().toExtend<SupabaseSource>();
});

test('not what is no client', () => {
  expectTypeOf<{ from: () => void }>().not.toExtend<SupabaseSource>();
});
