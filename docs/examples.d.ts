// What the examples in the documentation take for granted: each `ts` block is compiled with these names in scope.
declare const supabaseUrl: string;
declare const serviceRoleKey: string;
declare const redisUrl: string;
declare const supabase: import('@supabase/supabase-js').SupabaseClient;
declare const cache: import('@tidemark/cache').Cache;
declare const logger: import('@tidemark/cache').Logger;
declare const providers: import('@tidemark/stores').LlmProvider[];
declare const env: Record<string, string | undefined>;

interface Flag {
  readonly id: string;
  readonly on: boolean;
}
