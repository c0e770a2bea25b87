import { RecordedLog } from '@tidemark/devstack/fakes';
import { beforeEach, describe, expect, test } from 'vitest';
import type { TenantLlmPolicy } from '../policy/policy.ts';
import { somePolicy } from '../testing/policy-arbitrary.ts';
import { RecordingProvider } from '../testing/recording-provider.ts';
import { WatchedPolicyStore } from '../testing/watched-policy-store.ts';
import { createLlmRouter, type ChatOptions, type LlmRouter, type LlmRouterOptions } from './llm-router.ts';
import type { LlmMessage } from './llm-provider.ts';

const secretText = 'my address is jane@mail.example';
const messages: readonly LlmMessage[] = [
  { role: 'system', content: 'be kind' },
  { role: 'user', content: secretText },
];

let store: WatchedPolicyStore;
let remote: RecordingProvider;
let local: RecordingProvider;
let log: RecordedLog;

beforeEach(() => {
  store = new WatchedPolicyStore();
  remote = new RecordingProvider('remote');
  local = new RecordingProvider('local');
  log = new RecordedLog();
});

function routerWith(options: Partial<LlmRouterOptions> = {}): LlmRouter {
  return createLlmRouter({
    policyStore: store,
    providers: [remote, local],
    defaultProvider: 'remote',
    defaultModel: 'router-model',
    logger: log,
    ...options,
  });
}

async function collect(router: LlmRouter, options?: ChatOptions): Promise<string[]> {
  const contents: string[] = [];
  for await (const { content } of router.streamChat(messages, options)) contents.push(content);
  return contents;
}

describe('every request (#17)', () => {
  test('reads the policy once, chat and stream alike', async () => {
    const router = routerWith();
    await store.setPolicy(somePolicy());
    await router.chat(messages, { tenantId: 'test-tenant', task: 'chat', userId: 'u' });
    expect(store.reads).toEqual(['test-tenant']);
    await collect(router, { tenantId: 'test-tenant' });
    expect(store.reads).toEqual(['test-tenant', 'test-tenant']);
  });

  test('follows a change of the policy', async () => {
    const router = routerWith();
    await store.setPolicy(somePolicy());
    await router.chat(messages, { tenantId: 'test-tenant' });
    await store.setPolicy(
      somePolicy({ allowRemoteEgress: false, defaultProvider: 'local', defaultModel: 'small' }),
    );
    await router.chat(messages, { tenantId: 'test-tenant' });
    expect(remote.requests).toHaveLength(1);
    expect(local.requests.map(({ model }) => model)).toEqual(['small']);
  });

  test('without a tenant gets the defaults and reads nothing', async () => {
    const router = routerWith();
    expect(await router.chat(messages)).toEqual({ content: 'remote says router-model' });
    expect(await router.chat(messages, { userId: 'u', task: 'chat' })).toEqual({
      content: 'remote says router-model',
    });
    expect(store.reads).toEqual([]);
  });

  test('of a tenant without a policy gets the defaults', async () => {
    expect(await routerWith().chat(messages, { tenantId: 'nobody' })).toEqual({
      content: 'remote says router-model',
    });
    expect(store.reads).toEqual(['nobody']);
  });

  test('is sent with what was decided, and with the signal of the caller', async () => {
    await store.setPolicy(
      somePolicy({
        egressMode: 'audit',
        tasks: [{ task: 'chat', provider: 'local', model: 'm', maxTokens: 3 }],
      }),
    );
    const { signal } = new AbortController();
    await routerWith().chat(messages, {
      tenantId: 'test-tenant',
      task: 'chat',
      temperature: 1,
      maxTokens: 9,
      signal,
    });
    expect(local.requests).toStrictEqual([{ model: 'm', messages, temperature: 1, maxTokens: 3, signal }]);
    expect(store.signals[0]).toBe(signal);
  });

  test('streams what the provider streams, and begins when it is asked for', async () => {
    const router = routerWith();
    const stream = router.streamChat(messages, { tenantId: 'nobody' });
    expect(store.reads).toEqual([]);
    const contents: string[] = [];
    for await (const { content } of stream) contents.push(content);
    expect(contents).toEqual(['remote', 'router-model']);
  });
});

describe('nothing is sent (#17)', () => {
  const requests: readonly {
    what: string;
    send: (router: LlmRouter, options: ChatOptions) => Promise<unknown>;
  }[] = [
    { what: 'chat', send: (router, options) => router.chat(messages, options) },
    { what: 'streamChat', send: collect },
  ];

  describe.each(requests)('by $what', ({ send }) => {
    async function expectRefusal(options: ChatOptions, refusal: object): Promise<void> {
      await expect(send(routerWith(), options)).rejects.toMatchObject(refusal);
      expect([...remote.requests, ...local.requests]).toEqual([]);
    }

    test('when the policy can not be read', async () => {
      store.next.failure = { error: new Error('the database is down'), isAfterTheWork: false };
      await expectRefusal({ tenantId: 'test-tenant' }, { message: 'the database is down' });
    });

    test('when data may not leave and nothing local is named', async () => {
      await store.setPolicy(somePolicy({ allowRemoteEgress: false }));
      await expectRefusal({ tenantId: 'test-tenant' }, { code: 'LOCAL_PROVIDER_MISSING' });
    });

    test('when the policy names a provider the router does not have', async () => {
      await store.setPolicy(somePolicy({ defaultProvider: 'elsewhere' }));
      await expectRefusal(
        { tenantId: 'test-tenant' },
        {
          code: 'PROVIDER_UNKNOWN',
          message:
            'provider must be one of "remote", "local", got "elsewhere": pass it to createLlmRouter in providers',
        },
      );
    });

    test.each([
      ['an empty tenant, which must not mean none', { tenantId: '' }],
      ['null for a tenant', { tenantId: null }],
      ['the tenant global', { tenantId: 'global' }],
      ['an empty user', { userId: '' }],
      ['an unknown egress mode', { egressModeOverride: 'OFF' }],
      ['a misspelt option', { tenantID: 't' }],
      ['a model that is no text', { model: 3 }],
    ])('for %s', async (_, options) => {
      await expectRefusal(options as ChatOptions, { code: 'INPUT_INVALID' });
      expect(store.reads).toEqual([]);
    });
  });

  test('when data may not leave and the router has no local provider', async () => {
    await store.setPolicy(somePolicy({ allowRemoteEgress: false, defaultProvider: 'local' }));
    const router = routerWith({ providers: [remote] });
    await expect(router.chat(messages, { tenantId: 'test-tenant' })).rejects.toMatchObject({
      code: 'LOCAL_PROVIDER_MISSING',
    });
    expect(remote.requests).toEqual([]);
  });

  test('for contents that are no text, which nobody could sanitise', async () => {
    const parts = [{ role: 'user', content: [{ text: secretText }] }] as unknown as LlmMessage[];
    await expect(routerWith().chat(parts)).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: '[0].content must be a text, got a list',
    });
    expect(remote.requests).toEqual([]);
  });
});

describe('the text (#17)', () => {
  const changes = [{ kind: 'email', count: 1 }];

  async function sentWith(
    policy: Partial<TenantLlmPolicy>,
    options: Partial<LlmRouterOptions> = {},
  ): Promise<string[]> {
    await store.setPolicy(somePolicy(policy));
    await routerWith(options).chat(messages, { tenantId: 'test-tenant', task: 'chat' });
    return remote.requests.flatMap((request) => request.messages.map(({ content }) => content));
  }

  test('is sanitised under enforce, and the log says what of it', async () => {
    expect(await sentWith({ egressMode: 'enforce' })).toEqual(['be kind', 'my address is [email]']);
    expect(log.lines).toEqual([
      {
        level: 'info',
        fields: { component: 'llm-router', tenantId: 'test-tenant', task: 'chat', changes },
        message: 'text sanitised before it leaves',
      },
    ]);
  });

  test('leaves as it is under audit, and the log says what sanitising would change', async () => {
    expect(await sentWith({ egressMode: 'audit' })).toEqual(['be kind', secretText]);
    expect(log.lines).toEqual([
      {
        level: 'info',
        fields: { component: 'llm-router', tenantId: 'test-tenant', task: 'chat', changes },
        message: 'sanitising would change the text',
      },
    ]);
  });

  test('leaves as it is under off, and no sanitiser sees it', async () => {
    const sanitize = (): never => {
      throw new Error('not to be called');
    };
    expect(await sentWith({ egressMode: 'off', allowOffMode: true }, { sanitize })).toEqual([
      'be kind',
      secretText,
    ]);
    expect(log.lines).toEqual([]);
  });

  test('is sanitised by the sanitiser that was given, which may take its time', async () => {
    const sanitize = async (text: string): Promise<{ text: string; changes: [] }> => ({
      text: text.toUpperCase(),
      changes: [],
    });
    expect(await sentWith({}, { sanitize })).toEqual(['BE KIND', secretText.toUpperCase()]);
  });

  test('is not sent under enforce when the sanitiser fails', async () => {
    const sanitize = (): never => {
      throw new Error('out of order');
    };
    await expect(sentWith({}, { sanitize })).rejects.toMatchObject({
      code: 'SANITIZE_FAILED',
      cause: { message: 'out of order' },
    });
    expect(remote.requests).toEqual([]);
  });

  test('is not sent under enforce when the sanitiser returns no text', async () => {
    const sanitize = (): { text: string; changes: [] } => ({
      text: undefined as unknown as string,
      changes: [],
    });
    await expect(sentWith({}, { sanitize })).rejects.toMatchObject({ code: 'SANITIZE_FAILED' });
    expect(remote.requests).toEqual([]);
  });

  test('is sent under audit when the sanitiser fails, and the log says so', async () => {
    const sanitize = (): never => {
      throw new Error('out of order');
    };
    expect(await sentWith({ egressMode: 'audit' }, { sanitize })).toEqual(['be kind', secretText]);
    expect(log.lines).toMatchObject([{ level: 'warn', message: 'the text could not be audited' }]);
  });

  test('is sanitised when off was asked for and is not allowed', async () => {
    expect(await sentWith({ egressMode: 'off' })).toEqual(['be kind', 'my address is [email]']);
    expect(log.lines[0]).toMatchObject({
      level: 'debug',
      fields: { requestedMode: 'off', effectiveMode: 'enforce' },
      message: 'egress mode off is not allowed here',
    });
  });

  test('never reaches the log', async () => {
    await sentWith({ egressMode: 'audit' });
    await sentWith({ egressMode: 'enforce' });
    expect(JSON.stringify(log.lines)).not.toContain('jane');
  });
});

describe('route', () => {
  test('says where a request would go, and sends nothing', async () => {
    await store.setPolicy(
      somePolicy({ egressMode: 'audit', tasks: [{ task: 'chat', provider: 'local', model: 'm' }] }),
    );
    const router = routerWith();
    expect(await router.route({ tenantId: 'test-tenant', task: 'chat' })).toStrictEqual({
      provider: 'local',
      model: 'm',
      decidedBy: 'task',
      requestedMode: 'audit',
      effectiveMode: 'audit',
    });
    expect(await router.route()).toMatchObject({
      provider: 'remote',
      model: 'router-model',
      decidedBy: 'router',
    });
    expect([...remote.requests, ...local.requests]).toEqual([]);
  });

  test('refuses what chat would refuse', async () => {
    await store.setPolicy(somePolicy({ defaultProvider: 'elsewhere' }));
    await expect(routerWith().route({ tenantId: 'test-tenant' })).rejects.toMatchObject({
      code: 'PROVIDER_UNKNOWN',
    });
  });
});

describe('createLlmRouter', () => {
  const withoutStore = {
    providers: [new RecordingProvider('remote')],
    defaultProvider: 'remote',
    defaultModel: 'm',
  };

  test.each(['production', undefined])('needs a policy store when NODE_ENV is %s', (nodeEnv) => {
    expect(() => createLlmRouter({ ...withoutStore, env: { NODE_ENV: nodeEnv } })).toThrow(
      /^createLlmRouter needs a policyStore outside NODE_ENV=development and test/,
    );
  });

  test.each(['development', 'test'])(
    'routes everybody by the defaults without one when NODE_ENV is %s',
    async (nodeEnv) => {
      const router = createLlmRouter({ ...withoutStore, env: { NODE_ENV: nodeEnv } });
      expect(await router.route({ tenantId: 't' })).toMatchObject({
        provider: 'remote',
        decidedBy: 'router',
      });
    },
  );

  test.each([
    ['a default provider it was not given', { defaultProvider: 'elsewhere' }, 'PROVIDER_UNKNOWN'],
    ['an unknown base mode', { baseEgressMode: 'ENFORCE' as 'enforce' }, 'INPUT_INVALID'],
    ['an option nobody knows', { sanitizer: 1 }, 'INPUT_INVALID'],
  ])('refuses %s', (_, options, code) => {
    expect(() => routerWith(options as Partial<LlmRouterOptions>)).toThrow(expect.objectContaining({ code }));
  });

  test.each(['off', 'audit', 'enforce'] as const)('starts from the base mode %s', async (baseEgressMode) => {
    expect((await routerWith({ baseEgressMode }).route()).effectiveMode).toBe(baseEgressMode);
  });
});
