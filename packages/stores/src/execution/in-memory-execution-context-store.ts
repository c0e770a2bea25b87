// Execution contexts in a Map, for development and tests: the same rules and the same results as SQL, gone with the
// process. Bounded by what the caller leaves unterminated; no factory chooses it in production.
import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '@tidemark/protocol';
import { parseInput } from '../schema/parse.ts';
import { idSchema } from '../schema/text.ts';
import {
  createExecutionContextSchema,
  executionPathSchema,
  executionTtlMsSchema,
  expiredLimitSchema,
  statusUpdateSchema,
} from './execution-context-schema.ts';
import {
  type CreateExecutionContextInput,
  defaultExecutionTtlMs,
  type ExecutionContextStore,
} from './execution-context-store.ts';
import type { ExecutionContext, ExecutionPath, ExecutionStatus } from './execution-context.ts';

export class InMemoryExecutionContextStore implements ExecutionContextStore {
  /** By id, in the order of creation. Terminated ones are let go: no method would show them again. */
  readonly #contexts = new Map<string, ExecutionContext>();
  readonly #clock: Pick<Clock, 'wallMs'>;

  /** @param clock in place of the server's */
  constructor(clock: Pick<Clock, 'wallMs'> = systemClock) {
    this.#clock = clock;
  }

  async createContext(input: CreateExecutionContextInput): Promise<ExecutionContext> {
    const { ttlMs = defaultExecutionTtlMs, ...parsed } = parseInput(
      createExecutionContextSchema,
      'input',
      input,
    );
    const live = this.#liveContextOf(parsed);
    if (live !== undefined) return structuredClone(live);
    const nowMs = this.#clock.wallMs();
    return this.#keep({
      ...parsed,
      id: randomUUID(),
      status: 'creating',
      createdAt: new Date(nowMs),
      lastUsedAt: new Date(nowMs),
      expiresAt: new Date(nowMs + ttlMs),
    });
  }

  async getContextByPath(path: ExecutionPath): Promise<ExecutionContext | null> {
    const live = this.#liveContextOf(parseInput(executionPathSchema, 'path', path));
    return live === undefined ? null : structuredClone(live);
  }

  async touchContext(id: string, ttlMs: number): Promise<ExecutionContext | null> {
    const context = this.#contexts.get(parseInput(idSchema, 'id', id));
    const addedMs = parseInput(executionTtlMsSchema, 'ttlMs', ttlMs);
    if (context === undefined || !this.#isLive(context)) return null;
    const nowMs = this.#clock.wallMs();
    return this.#keep({ ...context, lastUsedAt: new Date(nowMs), expiresAt: new Date(nowMs + addedMs) });
  }

  async updateStatus(id: string, status: ExecutionStatus, error?: string): Promise<ExecutionContext | null> {
    const update = parseInput(statusUpdateSchema, 'update', { id, status, error });
    const context = this.#contexts.get(update.id);
    if (context === undefined) return null;
    const { error: errorBefore, ...rest } = context;
    if (update.status !== 'terminated') return this.#keep({ ...rest, ...update });
    this.#contexts.delete(update.id);
    return {
      ...structuredClone(rest),
      ...(errorBefore !== undefined && { error: errorBefore }),
      ...update,
      terminatedAt: new Date(this.#clock.wallMs()),
    };
  }

  async terminateContext(id: string): Promise<ExecutionContext | null> {
    return this.updateStatus(id, 'terminated');
  }

  async getExpiredContexts(limit = 50): Promise<readonly ExecutionContext[]> {
    const maxContexts = parseInput(expiredLimitSchema, 'limit', limit);
    return [...this.#contexts.values()]
      .filter((context) => !this.#isLive(context))
      .sort((a, b) => a.expiresAt.getTime() - b.expiresAt.getTime())
      .slice(0, maxContexts)
      .map((context) => structuredClone(context));
  }

  async isReady(id: string): Promise<boolean> {
    const context = this.#contexts.get(parseInput(idSchema, 'id', id));
    return context !== undefined && context.status === 'ready' && this.#isLive(context);
  }

  #liveContextOf({ tenantId, conversationId, pathId }: ExecutionPath): ExecutionContext | undefined {
    return [...this.#contexts.values()].find(
      (context) =>
        context.tenantId === tenantId &&
        context.conversationId === conversationId &&
        context.pathId === pathId &&
        this.#isLive(context),
    );
  }

  #isLive(context: ExecutionContext): boolean {
    return context.expiresAt.getTime() > this.#clock.wallMs();
  }

  /** @returns a copy, as a row read from SQL would be: a caller that changes it must not change the store */
  #keep(context: ExecutionContext): ExecutionContext {
    this.#contexts.set(context.id, context);
    return structuredClone(context);
  }
}
