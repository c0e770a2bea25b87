// The conformance suite: what every ExecutionContextStore does, whatever keeps the contexts.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type CreateExecutionContextInput,
  defaultExecutionTtlMs,
  type ExecutionContextStore,
} from '../execution/execution-context-store.ts';
import type { ExecutionContext, ExecutionPath, ExecutionStatus } from '../execution/execution-context.ts';
import { executionHistories, runExecutionHistory } from './execution-context-model.ts';
import { tenantIdArbitrary as idArbitrary } from './policy-arbitrary.ts';

export interface ExecutionContextStoreSuite {
  /** The store under test; it may hold contexts of earlier tests. */
  readonly store: () => ExecutionContextStore;
  /** Until the moment is over by the clock of the store. */
  readonly passed: (moment: Date) => Promise<void>;
  /** How many generated histories a property tries: fewer where each costs round trips. */
  readonly runs: number;
}

const longMs = 600_000;

let paths = 0;

function newPath(): ExecutionPath {
  paths += 1;
  return { tenantId: `execution-tenant-${paths}`, conversationId: 'c', pathId: 'p' };
}

/** Use and expiry are two looks at one clock: a server that pauses in between adds to the difference. */
function expectTtl(
  { lastUsedAt, expiresAt }: Pick<ExecutionContext, 'lastUsedAt' | 'expiresAt'>,
  ttlMs: number,
): void {
  const differenceMs = expiresAt.getTime() - lastUsedAt.getTime();
  expect(differenceMs).toBeGreaterThanOrEqual(ttlMs);
  expect(differenceMs).toBeLessThan(ttlMs + longMs);
}

export function describeExecutionContextStore(name: string, suite: ExecutionContextStoreSuite): void {
  const { store, passed, runs } = suite;

  async function expire(id: string): Promise<ExecutionContext> {
    const touched = (await store().touchContext(id, 1))!;
    await passed(touched.expiresAt);
    return touched;
  }

  async function expiredOf({ tenantId }: ExecutionPath): Promise<readonly ExecutionContext[]> {
    const expired = await store().getExpiredContexts(1_000);
    return expired.filter((context) => context.tenantId === tenantId);
  }

  describe(`${name} keeps execution contexts (#16)`, () => {
    test('a path without one has null', async () => {
      expect(await store().getContextByPath(newPath())).toBeNull();
    });

    test('a new one is being created, and lives for half an hour unless it is touched', async () => {
      const path = newPath();
      const context = await store().createContext({ ...path, sandboxId: 's-1' });
      const { id, createdAt, lastUsedAt, expiresAt, ...rest } = context;
      expect(rest).toStrictEqual({ ...path, status: 'creating', sandboxId: 's-1' });
      expect(id).not.toBe('');
      expect(lastUsedAt.getTime()).toBeGreaterThanOrEqual(createdAt.getTime());
      expectTtl({ lastUsedAt, expiresAt }, defaultExecutionTtlMs);
      expect(defaultExecutionTtlMs).toBe(1_800_000);
      expect(await store().getContextByPath(path)).toStrictEqual(context);
    });

    test('whatever the ids look like, each path has its own', async () => {
      const parts = fc.record({ tenantId: idArbitrary, conversationId: idArbitrary, pathId: idArbitrary });
      await fc.assert(
        fc.asyncProperty(parts, parts, idArbitrary, async (one, other, sandboxId) => {
          fc.pre(one.pathId !== other.pathId);
          const mine = await store().createContext({ ...one, sandboxId });
          expect(mine).toMatchObject(one);
          const theirs = await store().createContext({ ...one, pathId: other.pathId });
          expect(theirs.id).not.toBe(mine.id);
          expect(await store().getContextByPath(one)).toStrictEqual(mine);
          expect(
            await store().getContextByPath({ ...one, tenantId: `${one.tenantId.slice(0, 99)}+` }),
          ).toBeNull();
          await Promise.all([mine, theirs].map(({ id }) => store().terminateContext(id)));
        }),
        { numRuns: runs },
      );
    });

    test('of many who create at the same time one wins, and all get its context', async () => {
      const path = newPath();
      const creating = Array.from({ length: 20 }, (_, n) =>
        store().createContext({ ...path, sandboxId: `s-${n}` }),
      );
      const answers = await Promise.all(creating);
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(new Set(answers.map(({ sandboxId }) => sandboxId)).size).toBe(1);
      expect(await store().getContextByPath(path)).toStrictEqual(answers[0]);
    });

    test('of many who replace an expired one at the same time one wins', async () => {
      const path = newPath();
      const old = await store().createContext(path);
      await expire(old.id);
      const answers = await Promise.all(Array.from({ length: 20 }, () => store().createContext(path)));
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(answers[0]?.id).not.toBe(old.id);
      expect((await expiredOf(path)).map(({ id }) => id)).toEqual([old.id]);
      await store().terminateContext(old.id);
    });

    test('of many who terminate at the same time one is told so', async () => {
      const { id } = await store().createContext(newPath());
      const answers = await Promise.all(Array.from({ length: 10 }, () => store().terminateContext(id)));
      expect(answers.filter((context) => context !== null)).toHaveLength(1);
    });

    test('after any history the live ones, the ready ones and the expired ones are what it says', async () => {
      await fc.assert(
        fc.asyncProperty(executionHistories, async (history) => {
          await runExecutionHistory(history, { store: store(), tenantId: newPath().tenantId, passed });
        }),
        { numRuns: runs },
      );
    });

    test('a touch moves last use and expiry, and nothing else', async () => {
      const path = newPath();
      const before = await store().createContext({ ...path, ttlMs: longMs });
      await passed(before.lastUsedAt);
      const after = (await store().touchContext(before.id, 2 * longMs))!;
      const { lastUsedAt, expiresAt: _, ...rest } = after;
      expect(before).toMatchObject(rest);
      expect(lastUsedAt.getTime()).toBeGreaterThan(before.lastUsedAt.getTime());
      expectTtl(after, 2 * longMs);
      expect(await store().getContextByPath(path)).toStrictEqual(after);
    });

    test('an error stays until another status, and through the termination', async () => {
      const { id } = await store().createContext(newPath());
      expect(await store().updateStatus(id, 'error', 'no disk')).toMatchObject({
        status: 'error',
        error: 'no disk',
      });
      expect(await store().updateStatus(id, 'ready')).not.toHaveProperty('error');
      await store().updateStatus(id, 'error', 'no memory');
      const terminated = await store().terminateContext(id);
      expect(terminated).toMatchObject({ status: 'terminated', error: 'no memory' });
      expect(terminated?.terminatedAt).toBeInstanceOf(Date);
    });

    test('a termination may say why', async () => {
      const { id } = await store().createContext(newPath());
      await store().updateStatus(id, 'error', 'first');
      const terminated = await store().updateStatus(id, 'terminated', 'gave up');
      expect(terminated).toMatchObject({ status: 'terminated', error: 'gave up' });
    });

    test('the expired ones come longest first, no more than asked for, 50 by default', async () => {
      const ids: string[] = [];
      for (let n = 0; n < 51; n += 1) {
        const context = await store().createContext({ ...newPath(), ttlMs: 1 });
        ids.push(context.id);
        await passed(context.expiresAt);
      }
      const expired = (await store().getExpiredContexts(1_000)).map(({ id }) => id);
      expect(expired.filter((id) => ids.includes(id))).toEqual(ids);
      expect((await store().getExpiredContexts(2)).map(({ id }) => id)).toEqual(expired.slice(0, 2));
      expect(await store().getExpiredContexts()).toHaveLength(50);
      await Promise.all(ids.map((id) => store().terminateContext(id)));
    });

    test('changing what was read changes nothing in the store', async () => {
      const path = newPath();
      const created = await store().createContext(path);
      const unchanged = structuredClone(created);
      created.expiresAt.setTime(0);
      const read = await store().getContextByPath(path);
      Object.assign(read ?? {}, { status: 'error' });
      const touched = await store().touchContext(created.id, longMs);
      touched?.createdAt.setTime(0);
      expect(await store().getContextByPath(path)).toMatchObject({
        status: 'creating',
        createdAt: unchanged.createdAt,
      });
    });

    test('an id that nobody was given is no context', async () => {
      expect(await store().touchContext('nobody', 1)).toBeNull();
      expect(await store().updateStatus('nobody', 'ready')).toBeNull();
      expect(await store().terminateContext('nobody')).toBeNull();
      expect(await store().isReady('nobody')).toBe(false);
    });
  });

  describe(`${name} refuses (#16)`, () => {
    test.each(refusedInputs)('to create: $says', async ({ changes, says }) => {
      const input = { ...newPath(), ...changes } as CreateExecutionContextInput;
      await expect(store().createContext(input)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: says,
      });
      expect(await store().getContextByPath(newPath())).toBeNull();
    });

    test('a path that is none', async () => {
      const refusal = { code: 'INPUT_INVALID' };
      await expect(store().getContextByPath({ ...newPath(), pathId: '' })).rejects.toMatchObject(refusal);
      await expect(store().getContextByPath({ ...newPath(), tenantId: 'global' })).rejects.toMatchObject(
        refusal,
      );
    });

    test.each([0, 1_001, 1.5, Number.NaN])('to list %d of them', async (limit) => {
      await expect(store().getExpiredContexts(limit)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: `limit must be a whole number from 1 to 1000, got ${limit}`,
      });
    });

    test.each([0, -1, 0.5, 2 ** 31])('a touch for %d ms', async (ttlMs) => {
      await expect(store().touchContext('id', ttlMs)).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: `ttlMs must be a whole number from 1 to 2147483647, got ${ttlMs}`,
      });
    });

    test('an empty id', async () => {
      const refusal = { code: 'INPUT_INVALID', message: 'id must be a text of 1 to 200 characters, got ""' };
      await expect(store().touchContext('', 1)).rejects.toMatchObject(refusal);
      await expect(store().updateStatus('', 'ready')).rejects.toMatchObject(refusal);
      await expect(store().terminateContext('')).rejects.toMatchObject(refusal);
      await expect(store().isReady('')).rejects.toMatchObject(refusal);
    });

    test('an unknown status, an empty error, and an error of one that is well', async () => {
      const { id } = await store().createContext(newPath());
      const refusals: [ExecutionStatus, string | undefined, string][] = [
        [
          'dead' as 'error',
          undefined,
          'status must be one of creating, ready, error, terminated, got "dead"',
        ],
        ['error', '', 'error must be a non-empty text, got ""'],
        ['ready', 'e', 'error must be absent unless the status is error or terminated, got "e"'],
      ];
      for (const [status, error, message] of refusals) {
        const refusal = { code: 'INPUT_INVALID', message };
        await expect(store().updateStatus(id, status, error)).rejects.toMatchObject(refusal);
      }
      expect(await store().updateStatus(id, 'creating')).toMatchObject({ status: 'creating' });
    });
  });
}

const refusedInputs: readonly { readonly changes: object; readonly says: string }[] = [
  {
    changes: { tenantId: 'global' },
    says: 'tenantId must not be the name of the level above all tenants, got "global"',
  },
  { changes: { conversationId: '' }, says: 'conversationId must be a text of 1 to 200 characters, got ""' },
  { changes: { pathId: undefined }, says: 'pathId must be a text of 1 to 200 characters, got nothing' },
  { changes: { sandboxId: '' }, says: 'sandboxId must be a text of 1 to 200 characters, got ""' },
  { changes: { ttlMs: 0 }, says: 'ttlMs must be a whole number from 1 to 2147483647, got 0' },
  { changes: { ttl: 5 }, says: 'input must hold known fields only, got "ttl"' },
];
