// What of the text leaves, by egress mode. The only place where messages are changed, and where it is said in the log:
// by kind and count, never with the text. When in doubt nothing is sent.
import type { Logger } from '@tidemark/protocol';
import { RoutingError } from '../errors.ts';
import type { EgressMode } from '../policy/policy.ts';
import type { LlmMessage } from './llm-provider.ts';
import type { Sanitize, SanitizeChange } from './sanitizer.ts';

export interface EgressContext {
  readonly mode: EgressMode;
  readonly sanitize: Sanitize;
  /** Carries the tenant and the task. */
  readonly logger: Logger;
}

/** @throws RoutingError `SANITIZE_FAILED`, in the mode enforce only */
export async function toOutgoing(
  messages: readonly LlmMessage[],
  context: EgressContext,
): Promise<readonly LlmMessage[]> {
  if (context.mode === 'off') return messages;
  if (context.mode === 'audit') {
    await audit(messages, context);
    return messages;
  }
  // Last and without a condition: a mode that nobody knows is enforced.
  const { sanitized, changes } = await sanitizeAll(messages, context.sanitize);
  if (changes.length > 0) context.logger.info({ changes }, 'text sanitised before it leaves');
  return sanitized;
}

/** Audit watches and never stands in the way: a sanitiser that fails is reported. */
async function audit(messages: readonly LlmMessage[], { sanitize, logger }: EgressContext): Promise<void> {
  try {
    const { changes } = await sanitizeAll(messages, sanitize);
    if (changes.length > 0) logger.info({ changes }, 'sanitising would change the text');
  } catch (error) {
    logger.warn({ err: error }, 'the text could not be audited');
  }
}

async function sanitizeAll(
  messages: readonly LlmMessage[],
  sanitize: Sanitize,
): Promise<{ sanitized: readonly LlmMessage[]; changes: readonly SanitizeChange[] }> {
  const counts = new Map<string, number>();
  const sanitized: LlmMessage[] = [];
  for (const message of messages) {
    const { text, changes } = await sanitizeOne(message.content, sanitize);
    sanitized.push({ ...message, content: text });
    for (const { kind, count } of changes) counts.set(kind, (counts.get(kind) ?? 0) + count);
  }
  return { sanitized, changes: Array.from(counts, ([kind, count]) => ({ kind, count })) };
}

async function sanitizeOne(
  text: string,
  sanitize: Sanitize,
): Promise<{ text: string; changes: readonly SanitizeChange[] }> {
  try {
    const result = await sanitize(text);
    if (typeof result.text === 'string') return result;
  } catch (error) {
    throw new RoutingError(
      'SANITIZE_FAILED',
      'the sanitiser must return the text to send, but it threw; nothing was sent',
      error,
    );
  }
  throw new RoutingError(
    'SANITIZE_FAILED',
    'the sanitiser must return the text to send, got none; nothing was sent',
  );
}
