// The answers that a healthy Data API never gives; the conformance suites run against a real one.
import { describe, expect, test } from 'vitest';
import { fakeDataApi, json, untilAborted } from '../testing/fake-data-api.ts';
import { SupabaseConversationPathStore } from './supabase-path-store.ts';

const row = {
  id: 'p',
  tenant_id: 't',
  conversation_id: 'c',
  parent_path_id: null,
  branch_point_message_id: null,
  name: null,
  description: null,
  is_primary: true,
  is_active: true,
  merged_to_path_id: null,
  merged_at: null,
  merge_summary_message_id: null,
  merge_mode: null,
  last_sequence: 4,
  message_count: 3,
  branch_count: 0,
  created_at: '2026-01-01T00:00:00.123456+00:00',
  updated_at: '2026-01-01T00:00:00.123456+00:00',
};

const identity = { tenantId: 't', pathId: 'p' };
const conversation = { tenantId: 't', conversationId: 'c' };
const message = { tenantId: 't', messageId: 'm' };
const merge = { tenantId: 't', sourcePathId: 'p', targetPathId: 'q', mode: 'full' } as const;

type Act = (store: SupabaseConversationPathStore, signal?: AbortSignal) => Promise<unknown>;

const withSignal = (signal: AbortSignal | undefined): { signal?: AbortSignal } =>
  (signal && { signal }) ?? {};

const reads: readonly (readonly [string, Act])[] = [
  ['getPath', (store, signal) => store.getPath(identity, withSignal(signal))],
  ['listPaths', (store, signal) => store.listPaths(conversation, withSignal(signal))],
  ['resolvePathMessages', (store, signal) => store.resolvePathMessages(identity, withSignal(signal))],
  ['getFullPathResolution', (store, signal) => store.getFullPathResolution(identity, withSignal(signal))],
  ['getActivePath', (store, signal) => store.getActivePath(conversation, withSignal(signal))],
  ['getBranchPointsForPath', (store, signal) => store.getBranchPointsForPath(identity, withSignal(signal))],
  ['previewMerge', (store, signal) => store.previewMerge(merge, withSignal(signal))],
  ['getPinnedMessages', (store, signal) => store.getPinnedMessages(identity, withSignal(signal))],
  ['getPinnedCount', (store, signal) => store.getPinnedCount(identity, withSignal(signal))],
  ['getPrimaryPath', (store, signal) => store.getPrimaryPath(conversation, withSignal(signal))],
];

const writes: readonly (readonly [string, Act])[] = [
  ['createPath', (store) => store.createPath(conversation)],
  ['updatePath', (store) => store.updatePath({ ...identity, name: 'n' })],
  ['deletePath', (store) => store.deletePath(identity)],
  ['setActivePath', (store) => store.setActivePath({ ...conversation, pathId: 'p' })],
  ['branchFromMessage', (store) => store.branchFromMessage(message)],
  ['mergePath', (store) => store.mergePath(merge)],
  ['pinMessage', (store) => store.pinMessage(message)],
  ['unpinMessage', (store) => store.unpinMessage(message)],
  ['ensurePrimaryPath', (store) => store.ensurePrimaryPath(conversation)],
];

describe.each([...reads, ...writes])('%s (#15)', (_, act) => {
  test('that the Data API refuses fails with its code', async () => {
    const { supabase } = fakeDataApi(() => json({ code: '42501', message: 'permission denied' }, 403));
    await expect(act(new SupabaseConversationPathStore(supabase))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      sourceCode: '42501',
      status: 403,
    });
  });

  test('that is answered with an empty 404, by whoever sits in between, is no answer', async () => {
    const { supabase } = fakeDataApi(() => new Response(null, { status: 404 }));
    await expect(act(new SupabaseConversationPathStore(supabase))).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
    });
  });

  test('that is never answered fails at the deadline', async () => {
    const { supabase } = fakeDataApi(untilAborted);
    const store = new SupabaseConversationPathStore(supabase, { deadline: '20ms' });
    await expect(act(store)).rejects.toMatchObject({
      code: 'SOURCE_FAILED',
      message: expect.stringContaining('no answer within 20 ms'),
    });
  });
});

test.each(reads)('the signal of the caller ends %s with its reason', async (_, act) => {
  const controller = new AbortController();
  const reason = new Error('the user left');
  const { supabase } = fakeDataApi((request) => {
    controller.abort(reason);
    return untilAborted(request);
  });
  await expect(act(new SupabaseConversationPathStore(supabase), controller.signal)).rejects.toBe(reason);
});

test.each(writes)(
  '%s is not tried again when the connection breaks: it may have happened',
  async (_, act) => {
    const { supabase, requests } = fakeDataApi(() => Promise.reject(new TypeError('fetch failed')));
    await expect(act(new SupabaseConversationPathStore(supabase))).rejects.toMatchObject({
      message: expect.stringContaining('the outcome is unknown'),
    });
    expect(requests).toHaveLength(1);
  },
);

describe('an answer', () => {
  const answering = (answer: unknown): SupabaseConversationPathStore =>
    new SupabaseConversationPathStore(fakeDataApi(() => json(answer)).supabase);

  test('becomes a path without the columns that are null', async () => {
    expect(await answering(row).getPath(identity)).toStrictEqual({
      id: 'p',
      tenantId: 't',
      conversationId: 'c',
      isPrimary: true,
      isActive: true,
      messageCount: 3,
      branchCount: 0,
      createdAt: new Date('2026-01-01T00:00:00.123Z'),
      updatedAt: new Date('2026-01-01T00:00:00.123Z'),
    });
  });

  test.each<[string, Act, unknown]>([
    ['a path', (store) => store.getPath(identity), { ...row, tenant_id: 'other' }],
    ['a list', (store) => store.listPaths(conversation), [row, { ...row, tenant_id: 'other' }]],
    ['a write', (store) => store.createPath(conversation), { ...row, tenant_id: 'other' }],
    [
      'a resolution',
      (store) => store.getFullPathResolution(identity),
      { lineage: [{ ...row, tenant_id: 'other' }], messages: [] },
    ],
    [
      'a resolution of another path',
      (store) => store.getFullPathResolution(identity),
      { lineage: [{ ...row, id: 'other' }], messages: [] },
    ],
  ])('of another tenant is an error and never an answer: %s (R4)', async (_, act, answer) => {
    await expect(act(answering(answer))).rejects.toMatchObject({ code: 'ROW_INVALID' });
  });

  test.each<[string, Act, unknown]>([
    ['a path that is a text', (store) => store.getPath(identity), '<html>'],
    ['a list that is an object', (store) => store.listPaths(conversation), {}],
    ['a count below 0', (store) => store.getPinnedCount(identity), -1],
    ['a merge that says nothing', (store) => store.mergePath(merge), {}],
    ['an unknown merge mode', (store) => store.getPath(identity), { ...row, merge_mode: 'squash' }],
    ['a written path that is null', (store) => store.createPath(conversation), null],
  ])('that is %s fails instead of being guessed at', async (_, act, answer) => {
    await expect(act(answering(answer))).rejects.toMatchObject({ code: 'ROW_INVALID' });
  });
});
