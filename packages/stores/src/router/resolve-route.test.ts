import { describe, expect, test } from 'vitest';
import type { TenantLlmPolicy } from '../policy/policy.ts';
import { somePolicy } from '../testing/policy-arbitrary.ts';
import { resolveRoute, type Route } from './resolve-route.ts';
import type { RoutingOptions } from './routing-options.ts';

const defaults = { provider: 'router-provider', model: 'router-model', egressMode: 'enforce' } as const;

const remote = { task: 'chat', provider: 'remote', model: 'remote-chat' };
const local = { task: 'chat', provider: 'local', model: 'local-chat' };
const other = { task: 'other', provider: 'local', model: 'local-other' };

interface Case {
  readonly what: string;
  readonly policy: TenantLlmPolicy | null;
  readonly options?: RoutingOptions;
  readonly route: Partial<Route>;
}

const open = (changes: Partial<TenantLlmPolicy> = {}): TenantLlmPolicy => somePolicy(changes);
const closed = (changes: Partial<TenantLlmPolicy> = {}): TenantLlmPolicy =>
  somePolicy({ allowRemoteEgress: false, ...changes });
const closedWithLocalDefault = { defaultProvider: 'local', defaultModel: 'local-default' };

const cases: readonly Case[] = [
  {
    what: 'no policy: the defaults of the router',
    policy: null,
    options: { task: 'chat' },
    route: { provider: 'router-provider', model: 'router-model', decidedBy: 'router' },
  },
  {
    what: 'no policy: the model of the caller',
    policy: null,
    options: { model: 'mine' },
    route: { provider: 'router-provider', model: 'mine' },
  },
  {
    what: 'no policy: the limits of the caller',
    policy: null,
    options: { temperature: 0, maxTokens: 5 },
    route: { temperature: 0, maxTokens: 5 },
  },

  {
    what: 'no task: the default of the policy',
    policy: open({ tasks: [remote] }),
    route: { provider: 'remote', model: 'gpt-large', decidedBy: 'policy' },
  },
  {
    what: 'a task without an entry: the default of the policy',
    policy: open({ tasks: [other] }),
    options: { task: 'chat' },
    route: { provider: 'remote', model: 'gpt-large', decidedBy: 'policy' },
  },
  {
    what: 'a task with an entry: the entry',
    policy: open({ tasks: [other, local] }),
    options: { task: 'chat' },
    route: { provider: 'local', model: 'local-chat', decidedBy: 'task' },
  },
  {
    what: 'several entries of a task: the first',
    policy: open({ tasks: [remote, local] }),
    options: { task: 'chat' },
    route: { provider: 'remote', model: 'remote-chat' },
  },
  {
    what: 'the caller replaces the model of an entry, not its provider',
    policy: open({ tasks: [local] }),
    options: { task: 'chat', model: 'mine' },
    route: { provider: 'local', model: 'mine', decidedBy: 'task' },
  },
  {
    what: 'the caller replaces the model of the default, not its provider',
    policy: open(),
    options: { model: 'mine' },
    route: { provider: 'remote', model: 'mine' },
  },

  {
    what: 'the entry overrides the limits of the caller',
    policy: open({ tasks: [{ ...remote, temperature: 0, maxTokens: 7 }] }),
    options: { task: 'chat', temperature: 1, maxTokens: 99 },
    route: { temperature: 0, maxTokens: 7 },
  },
  {
    what: 'each limit by itself',
    policy: open({ tasks: [{ ...remote, temperature: 0.5 }] }),
    options: { task: 'chat', temperature: 1, maxTokens: 99 },
    route: { temperature: 0.5, maxTokens: 99 },
  },
  {
    what: 'the limits of another task do not count',
    policy: open({ tasks: [{ ...other, maxTokens: 7 }] }),
    options: { task: 'chat', maxTokens: 99 },
    route: { maxTokens: 99 },
  },

  {
    what: 'closed: the local entry of the task',
    policy: closed({ tasks: [local] }),
    options: { task: 'chat' },
    route: { provider: 'local', model: 'local-chat', decidedBy: 'task' },
  },
  {
    what: 'closed: the local entry, though a remote one comes first',
    policy: closed({
      tasks: [
        { ...remote, maxTokens: 1 },
        { ...local, maxTokens: 2 },
      ],
    }),
    options: { task: 'chat', maxTokens: 3 },
    route: { provider: 'local', model: 'local-chat', maxTokens: 2 },
  },
  {
    what: 'closed: the local entry before the local default',
    policy: closed({ ...closedWithLocalDefault, tasks: [local] }),
    options: { task: 'chat' },
    route: { model: 'local-chat' },
  },
  {
    what: 'closed: the local default, when the entry is remote',
    policy: closed({ ...closedWithLocalDefault, tasks: [{ ...remote, maxTokens: 1 }] }),
    options: { task: 'chat', maxTokens: 3 },
    route: { provider: 'local', model: 'local-default', maxTokens: 3, decidedBy: 'policy' },
  },
  {
    what: 'closed: the local default, when there is no task',
    policy: closed(closedWithLocalDefault),
    route: { provider: 'local', model: 'local-default' },
  },
  {
    what: 'closed: the caller replaces the model, never the provider',
    policy: closed(closedWithLocalDefault),
    options: { model: 'mine' },
    route: { provider: 'local', model: 'mine' },
  },
];

test.each(cases)('$what (#17)', ({ policy, options, route }) => {
  expect(resolveRoute(policy, options ?? {}, defaults)).toMatchObject(route);
});

describe('closed, with nothing local (#17)', () => {
  test.each([
    ['no task', closed(), {}],
    ['a remote entry', closed({ tasks: [remote] }), { task: 'chat' }],
    ['a local entry of another task', closed({ tasks: [other] }), { task: 'chat' }],
    ['a local entry, but no task asked for', closed({ tasks: [local] }), {}],
    ['a model of the caller', closed(), { model: 'mine' }],
  ] as const)('%s: an error', (_, policy, options) => {
    expect(() => resolveRoute(policy, options, defaults)).toThrow(
      expect.objectContaining({
        code: 'LOCAL_PROVIDER_MISSING',
        message: expect.stringMatching(
          /^the policy of tenant "test-tenant" forbids remote egress but names no local model/,
        ),
      }),
    );
  });
});

test('a limit nobody set is absent', () => {
  expect(resolveRoute(open(), {}, defaults)).toStrictEqual({
    provider: 'remote',
    model: 'gpt-large',
    decidedBy: 'policy',
    requestedMode: 'enforce',
    effectiveMode: 'enforce',
  });
});

test('the egress mode follows the tenant, the user and the call', () => {
  const policy = open({
    egressMode: 'audit',
    userPolicies: { u: { egressMode: 'off', allowOffMode: true } },
  });
  expect(resolveRoute(policy, {}, defaults).effectiveMode).toBe('audit');
  expect(resolveRoute(policy, { userId: 'u' }, defaults).effectiveMode).toBe('off');
  expect(resolveRoute(policy, { userId: 'u', egressModeOverride: 'enforce' }, defaults).effectiveMode).toBe(
    'enforce',
  );
});
