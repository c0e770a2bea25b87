// One channel of Realtime, joined as a hint source joins it: is it accepted, and what does it deliver? Owns the join and
// its deadline; the connection is the caller's.
import { REALTIME_SUBSCRIBE_STATES, type SupabaseClient } from '@supabase/supabase-js';
import { type Clock, deadlineIn } from '@tidemark/protocol';

export type Binding =
  | { readonly kind: 'broadcast' }
  | { readonly kind: 'changes'; readonly table: string; readonly event: 'INSERT' | '*' };

export type JoinOutcome =
  | { readonly kind: 'joined' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unanswered' };

export interface JoinOptions {
  readonly supabase: SupabaseClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onMessage?: (message: unknown) => void;
}

/** A busy project takes some seconds to say "ok" to postgres_changes. */
const joinDeadlineMs = 8_000;

const journalTable = 'tidemark.change';

export const broadcastBinding: Binding = { kind: 'broadcast' };
export const journalBinding: Binding = { kind: 'changes', table: journalTable, event: 'INSERT' };

export function nameOf(binding: Binding): string {
  return binding.kind === 'broadcast' ? 'broadcast' : `changes of ${binding.table}`;
}

export async function join(binding: Binding, options: JoinOptions): Promise<JoinOutcome> {
  const { supabase, clock, signal, onMessage = () => {} } = options;
  const { promise, resolve } = Promise.withResolvers<JoinOutcome>();
  using deadline = deadlineIn(clock, joinDeadlineMs, signal);
  deadline.signal.addEventListener('abort', () => resolve({ kind: 'unanswered' }));
  const channel =
    binding.kind === 'broadcast'
      ? supabase
          .channel('tidemark', { config: { private: true } })
          .on('broadcast', { event: 'change' }, onMessage)
      : supabase
          .channel(`tidemark-doctor:${binding.table}`)
          .on('postgres_changes', { event: binding.event, ...placeOf(binding.table) }, onMessage);
  channel.on('system', {}, (message: { extension?: string; status?: string; message?: string }) => {
    if (message.extension !== 'postgres_changes') return;
    if (message.status === 'ok') resolve({ kind: 'joined' });
    else resolve({ kind: 'refused', reason: message.message ?? 'without a reason' });
  });
  channel.subscribe((status, error) => {
    if (status !== REALTIME_SUBSCRIBE_STATES.SUBSCRIBED) {
      resolve({ kind: 'refused', reason: error?.message ?? status });
    } else if (binding.kind === 'broadcast') resolve({ kind: 'joined' });
  });
  return await promise;
}

function placeOf(table: string): { schema: string; table: string } {
  const at = table.indexOf('.');
  return { schema: table.slice(0, at), table: table.slice(at + 1) };
}
