// Which backend a store gets: one rule for all factories. A pure decision; the factory builds what it says and logs why.
import { EnvironmentError } from '../errors.ts';
import type { Flag } from './flags.ts';
import { describeNodeEnv, type RuntimeMode } from './runtime-mode.ts';

export interface BackendQuestion {
  /** The factory, for the error. */
  readonly factory: string;
  readonly hasSupabase: boolean;
  readonly hasCache: boolean;
  readonly flag: Flag;
  readonly mode: RuntimeMode;
}

export interface Backend {
  /** `cached` with `isEnabled: false`: reads go to Supabase, writes still tell the instances that cache. */
  readonly kind: 'cached' | 'supabase' | 'memory';
  readonly isEnabled: boolean;
  /** For the log. */
  readonly reason: string;
}

/** @throws EnvironmentError where memory would be the only choice and isn't allowed */
export function chooseBackend({ factory, hasSupabase, hasCache, flag, mode }: BackendQuestion): Backend {
  if (hasSupabase && hasCache) return { kind: 'cached', isEnabled: flag.isOn, reason: flag.decidedBy };
  if (hasSupabase) return { kind: 'supabase', isEnabled: false, reason: 'no cache was given' };
  if (mode.isMemoryAllowed) {
    return {
      kind: 'memory',
      isEnabled: false,
      reason: `no Supabase client was given, ${describeNodeEnv(mode)}`,
    };
  }
  throw new EnvironmentError([
    `${factory} needs a Supabase client outside NODE_ENV=development and test (${describeNodeEnv(mode)}): ` +
      'set SUPABASE_URL and SUPABASE_SERVICE_ROLE_KEY, and pass the client as supabase; ' +
      'a store in memory would lose everything with the process',
  ]);
}

/**
 * The same for conversations, for which `COPILOT_CONVERSATIONS_MODE` may ask for memory although Supabase is there, or
 * forbid it where it would be allowed.
 *
 * @throws EnvironmentError
 */
export function chooseConversationBackend(question: BackendQuestion): Backend {
  const { factory, hasSupabase, mode } = question;
  if (mode.conversationsMode === 'memory') {
    return { kind: 'memory', isEnabled: false, reason: 'COPILOT_CONVERSATIONS_MODE=memory' };
  }
  if (mode.conversationsMode === 'supabase' && !hasSupabase) {
    throw new EnvironmentError([
      `${factory} needs a Supabase client under COPILOT_CONVERSATIONS_MODE=supabase: pass it as supabase`,
    ]);
  }
  return chooseBackend(question);
}
