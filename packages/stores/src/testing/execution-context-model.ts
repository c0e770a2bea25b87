// The life of execution contexts as a list, and histories to compare a store with it. Knows no clock: a context has
// expired from the step on that made it so.
import * as fc from 'fast-check';
import { expect } from 'vitest';
import type { ExecutionContextStore } from '../execution/execution-context-store.ts';
import type { ExecutionContext, ExecutionPath, ExecutionStatus } from '../execution/execution-context.ts';

/** `place` picks one of the contexts that the history has seen. */
type ExecutionStep =
  | { readonly kind: 'create'; readonly pathId: string; readonly isShort: boolean }
  | { readonly kind: 'touch'; readonly place: number; readonly isShort: boolean }
  | { readonly kind: 'status'; readonly place: number; readonly status: ExecutionStatus }
  | { readonly kind: 'terminate'; readonly place: number };

interface Modelled {
  readonly id: string;
  readonly pathId: string;
  status: ExecutionStatus;
  error?: string;
  hasExpired: boolean;
}

export interface ExecutionHistoryRun {
  readonly store: ExecutionContextStore;
  /** Nobody else's, so that the history is all there is. */
  readonly tenantId: string;
  readonly passed: (moment: Date) => Promise<void>;
}

const place = fc.nat(5);
const isShort = fc.boolean();
const pathIds = ['p1', 'p2'];
const longMs = 600_000;

export const executionHistories: fc.Arbitrary<readonly ExecutionStep[]> = fc.array(
  fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('create' as const),
        pathId: fc.constantFrom(...pathIds),
        isShort,
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('touch' as const), place, isShort }) },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('status' as const),
        place,
        status: fc.constantFrom<ExecutionStatus>('creating', 'ready', 'error', 'terminated'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('terminate' as const), place }) },
  ),
  { minLength: 1, maxLength: 12 },
);

export async function runExecutionHistory(
  history: readonly ExecutionStep[],
  run: ExecutionHistoryRun,
): Promise<void> {
  const contexts: Modelled[] = [];
  /** In the order in which they expired. */
  const expired: Modelled[] = [];
  for (const step of history) {
    await (step.kind === 'create' ? create(step) : change(step));
    await compare();
  }
  for (const { id } of contexts) await run.store.terminateContext(id);

  async function create({ pathId, isShort }: ExecutionStep & { kind: 'create' }): Promise<void> {
    const live = liveOf(pathId);
    const answer = await run.store.createContext({ ...pathOf(pathId), ttlMs: isShort ? 1 : longMs });
    expect(answer).toMatchObject({ pathId, status: live?.status ?? 'creating' });
    if (live !== undefined) {
      expect(answer.id).toBe(live.id);
      return;
    }
    expect(contexts.map(({ id }) => id)).not.toContain(answer.id);
    const made: Modelled = { id: answer.id, pathId, status: 'creating', hasExpired: false };
    contexts.push(made);
    if (isShort) await expire(made, answer);
  }

  async function change(step: Exclude<ExecutionStep, { kind: 'create' }>): Promise<void> {
    const context = contexts[step.place % Math.max(contexts.length, 1)];
    if (context === undefined) return;
    const hasEnded = context.status === 'terminated';
    if (step.kind === 'touch') {
      const answer = await run.store.touchContext(context.id, step.isShort ? 1 : longMs);
      expect(answer?.id).toBe(isLive(context) ? context.id : undefined);
      if (answer !== null && step.isShort) await expire(context, answer);
      return;
    }
    const status = step.kind === 'terminate' ? 'terminated' : step.status;
    const answer = await (step.kind === 'terminate'
      ? run.store.terminateContext(context.id)
      : run.store.updateStatus(context.id, status, ...(status === 'error' ? ['it broke'] : [])));
    expect(answer?.status).toBe(hasEnded ? undefined : status);
    if (hasEnded) return;
    context.status = status;
    if (status === 'error') context.error = 'it broke';
    else if (status !== 'terminated') delete context.error;
    expect(answer?.error).toBe(context.error);
    expect(answer?.terminatedAt instanceof Date).toBe(status === 'terminated');
  }

  async function expire(context: Modelled, { expiresAt }: ExecutionContext): Promise<void> {
    await run.passed(expiresAt);
    context.hasExpired = true;
    expired.push(context);
  }

  async function compare(): Promise<void> {
    for (const pathId of pathIds) {
      const live = liveOf(pathId);
      const answer = await run.store.getContextByPath(pathOf(pathId));
      const summary = answer === null ? null : [answer.id, answer.status, answer.error];
      expect(summary).toEqual(live === undefined ? null : [live.id, live.status, live.error]);
    }
    for (const context of contexts) {
      expect(await run.store.isReady(context.id)).toBe(isLive(context) && context.status === 'ready');
    }
    const due = (await run.store.getExpiredContexts(1_000)).filter(
      ({ tenantId }) => tenantId === run.tenantId,
    );
    expect(due.map(({ id }) => id)).toEqual(
      expired.filter(({ status }) => status !== 'terminated').map(({ id }) => id),
    );
  }

  function liveOf(pathId: string): Modelled | undefined {
    return contexts.find((context) => context.pathId === pathId && isLive(context));
  }

  function pathOf(pathId: string): ExecutionPath {
    return { tenantId: run.tenantId, conversationId: 'c', pathId };
  }
}

function isLive({ status, hasExpired }: Modelled): boolean {
  return status !== 'terminated' && !hasExpired;
}
