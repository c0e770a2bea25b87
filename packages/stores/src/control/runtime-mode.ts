// Where the process runs, as far as the stores care: only development and test may keep data in memory. Anything else,
// an unset NODE_ENV included, is treated as production, so that forgetting it fails at start and loses nothing.
import type { EnvironmentReader } from './environment-reader.ts';

export interface RuntimeMode {
  /** `NODE_ENV` as it was given. */
  readonly nodeEnv?: string;
  readonly isMemoryAllowed: boolean;
  /** `COPILOT_CONVERSATIONS_MODE`: memory asked for although Supabase is there. */
  readonly conversationsMode?: 'memory' | 'supabase';
}

export function readRuntimeMode(reader: EnvironmentReader): RuntimeMode {
  const nodeEnv = reader.text('NODE_ENV');
  const isMemoryAllowed = nodeEnv === 'development' || nodeEnv === 'test';
  const conversationsMode = reader.text('COPILOT_CONVERSATIONS_MODE');
  const base = { ...(nodeEnv !== undefined && { nodeEnv }), isMemoryAllowed };
  if (conversationsMode === undefined) return base;
  if (conversationsMode !== 'memory' && conversationsMode !== 'supabase') {
    reader.report(
      `COPILOT_CONVERSATIONS_MODE must be memory or supabase, got ${JSON.stringify(conversationsMode)}`,
    );
    return base;
  }
  if (conversationsMode === 'memory' && !isMemoryAllowed) {
    reader.report(
      `COPILOT_CONVERSATIONS_MODE=memory needs NODE_ENV=development or test, got ${describeNodeEnv(base)}; ` +
        'unset it, conversations in memory are gone with the process',
    );
  }
  return { ...base, conversationsMode };
}

export function describeNodeEnv(mode: Pick<RuntimeMode, 'nodeEnv'>): string {
  return mode.nodeEnv === undefined ? 'NODE_ENV unset' : `NODE_ENV=${mode.nodeEnv}`;
}
