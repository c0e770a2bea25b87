// Every factory that takes `env`, called without it: then the environment of the process counts.
import { createCache } from '@tidemark/cache';
import { RecordedLog } from '@tidemark/devstack/fakes';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAuthValidationCache } from '../auth/auth-validation-cache.ts';
import { createConversationConfigStore } from '../config/create-config-store.ts';
import { createConversationContextStore } from '../context/create-context-store.ts';
import { createConversationStore } from '../conversation/create-conversation-store.ts';
import { createConversationEventHub, createConversationListEventHub } from '../events/create-event-hubs.ts';
import { createExecutionContextStore } from '../execution/create-execution-context-store.ts';
import { createConversationPathStore } from '../path/create-path-store.ts';
import { createPolicyStore } from '../policy/create-policy-store.ts';
import { createRateLimiter } from '../rate-limit/rate-limiter.ts';
import { createLlmRouter } from '../router/llm-router.ts';
import { fakeDataApi, json } from '../testing/fake-data-api.ts';
import { RecordingProvider } from '../testing/recording-provider.ts';

const ownSwitches = [
  'ENABLE_LLM_POLICY_CACHE',
  'ENABLE_CONVERSATION_CONFIG_CACHE',
  'ENABLE_CONVERSATION_CACHING',
  'ENABLE_AUTH_VALIDATION_CACHE',
  'ENABLE_REDIS_EVENT_HUBS',
  'ENABLE_RATE_LIMITER_REDIS',
];

beforeEach(() => {
  for (const name of ownSwitches) vi.stubEnv(name, undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the kill switch of the process counts for a factory without env (#30)', () => {
  const behind = (): object => ({
    supabase: fakeDataApi(() => json([])).supabase,
    cache: createCache(),
  });

  test.each([
    [createPolicyStore, behind],
    [createConversationConfigStore, behind],
    [createConversationStore, () => ({ ...behind(), enableCaching: true })],
    [createAuthValidationCache as (options: object) => object, () => ({ cache: createCache() })],
    [createConversationEventHub, () => ({})],
    [createConversationListEventHub, () => ({})],
    [createRateLimiter, () => ({})],
  ] as const)('%o', (create: (options: object) => object, options) => {
    vi.stubEnv('ENABLE_REDIS_CACHING', 'off');
    const log = new RecordedLog();
    create({ ...options(), logger: log });
    expect(log.lines.map(({ fields }) => fields?.['reason'])).toEqual(['ENABLE_REDIS_CACHING=false']);
  });
});

describe('NODE_ENV of the process decides on memory for a factory without env (#4)', () => {
  function createRouter(): object {
    const provider = new RecordingProvider('local');
    return createLlmRouter({ providers: [provider], defaultProvider: 'local', defaultModel: 'small-1' });
  }

  test.each([
    createPolicyStore,
    createConversationConfigStore,
    createConversationStore,
    createConversationPathStore,
    createConversationContextStore,
    createExecutionContextStore,
    createRouter,
  ])('%o', (create: () => object) => {
    vi.stubEnv('NODE_ENV', 'production');
    expect(create).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_INVALID' }));
    vi.stubEnv('NODE_ENV', 'development');
    expect(create()).toBeTypeOf('object');
  });
});
