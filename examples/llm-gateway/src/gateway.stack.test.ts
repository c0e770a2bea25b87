// Two gateways as processes of their own, a sidecar, real PostgreSQL and Redis: what one of them writes, the other one
// goes by.
import { startStack, until, type Stack } from '@tidemark/devstack';
import { silentLogger } from '@tidemark/protocol';
import { resolveConfig, startSidecar } from '@tidemark/sidecar';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  type GatewayAddress,
  GatewayClient,
  startGateway,
  type GatewayProcess,
} from './testing/gateway-process.ts';
import { readEvents } from './testing/server-sent-events.ts';
import { createScene, open, type Scene, type StoreWrite, writesOf } from './testing/store-writes.ts';
import { signUp, type User } from './testing/users.ts';

/** R1's bound, the default of every store. */
const boundMs = 2_000;

const localOnly = { ...open, allowRemoteEgress: false };

const parts = new AsyncDisposableStack();
let stack: Stack;
let gateways: readonly [GatewayProcess, GatewayProcess];
let admin: User;
let member: User;
let stranger: User;

beforeAll(async () => {
  stack = parts.use(await startStack());
  const { url, serviceRoleKey, redisUrl } = stack;
  const env = { SUPABASE_URL: url, SUPABASE_SERVICE_ROLE_KEY: serviceRoleKey, REDIS_URL: redisUrl };
  parts.use(await startSidecar(resolveConfig({ args: ['--port=0'], env }), { logger: silentLogger }));
  const [one, other] = await Promise.all([startGateway(address()), startGateway(address())]);
  gateways = [parts.use(one), parts.use(other)];
  [admin, member, stranger] = await Promise.all([
    signUp(stack, { tenantId: 'acme', role: 'operator' }),
    signUp(stack, { tenantId: 'acme' }),
    signUp(stack, { tenantId: 'elsewhere' }),
  ]);
});

afterAll(() => parts.disposeAsync());

beforeEach(async () => {
  await at(0, admin).must('PUT', '/v1/policy', open);
  const isOpen = async (): Promise<boolean> =>
    isShown(await at(1, admin).must('GET', '/v1/policy'), { policy: expect.objectContaining(open) });
  await until(isOpen, { what: 'the open policy' });
});

function address(): GatewayAddress {
  const { url, serviceRoleKey, jwtSecret, redisUrl } = stack;
  return { supabaseUrl: url, serviceRoleKey, jwtSecret, redisUrl };
}

const at = (index: 0 | 1, { token }: User): GatewayClient => new GatewayClient(gateways[index], token);

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN;
}

/** @returns how many milliseconds after `startedAt` the condition was met */
async function lagOf(startedAt: number, condition: () => Promise<boolean>, what: string): Promise<number> {
  await until(condition, { what, everyMs: 2 });
  return performance.now() - startedAt;
}

describe('a policy', () => {
  test('set to local-only on one instance refuses the remote model on the other (#17, #44)', async () => {
    const [writer, reader] = [at(0, admin), at(1, member)];
    const lags: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      await writer.must('PUT', '/v1/policy', open);
      await until(async () => (await reader.chat('hello')).status === 200, { what: 'the open policy' });
      await writer.must('PUT', '/v1/policy', localOnly);
      const writtenAt = performance.now();
      // The writing instance goes by it with the next request (R3).
      expect((await at(0, member).chat('hello')).status).toBe(403);
      lags.push(await lagOf(writtenAt, async () => (await reader.chat('hello')).status === 403, 'a refusal'));
    }
    const writtenAt = performance.now();
    await until(() => performance.now() - writtenAt >= boundMs, { what: 'the bound to pass' });
    for (let request = 0; request < 20; request += 1) {
      expect(await reader.chat('hello')).toMatchObject({
        status: 403,
        body: { error: { code: 'LOCAL_PROVIDER_MISSING' } },
      });
    }
    console.log(
      `policy: refused on the other instance after ${median(lags).toFixed(0)} ms (median of ${lags.length})`,
    );
  });

  test('sends the task to the model in the house', async () => {
    await at(0, admin).must('PUT', '/v1/policy', localOnly);
    const reader = at(1, member);
    await until(async () => (await reader.chat('hello')).status === 403, { what: 'the new policy' });
    expect(await reader.chat('hello', { metadata: { task: 'summary' } })).toMatchObject({
      status: 200,
      body: { model: 'small', choices: [{ message: { content: 'local/small heard: hello' } }] },
    });
  });

  test('can be changed by an admin alone', async () => {
    expect(await at(0, member).ask('PUT', '/v1/policy', open)).toMatchObject({ status: 403 });
  });
});

describe('a write on one instance', () => {
  test('of any store is fresh on the other at once when asked so, and soon in any case (#44)', async () => {
    const lags = new Map<string, number[]>();
    for (let round = 0; round < 3; round += 1) {
      const scene = await createScene(at(0, admin));
      for (const write of writesOf(round)) {
        const lagMs = await writeAndSee(write, scene);
        lags.set(write.what, [...(lags.get(write.what) ?? []), lagMs]);
      }
    }
    for (const [what, figures] of lags) {
      console.log(`${what}: on the other instance after ${median(figures).toFixed(0)} ms`);
    }
  });

  test('that sends a message is in the history of the other (#44)', async () => {
    const writer = at(0, admin);
    const { conversationId } = await createScene(writer);
    const answer = await at(1, admin).chat('and now?', { metadata: { conversation_id: conversationId } });
    expect(answer.status).toBe(200);
    const messages = await writer.must('GET', `/v1/conversations/${conversationId}/messages`);
    expect(messages).toMatchObject({
      messages: [
        { role: 'user', content: 'hello' },
        { role: 'assistant' },
        { role: 'user', content: 'and now?' },
        { role: 'assistant' },
      ],
    });
  });
});

/** @returns milliseconds until a plain read of the other instance showed it */
async function writeAndSee({ what, write, path, shown }: StoreWrite, scene: Scene): Promise<number> {
  const [writer, reader] = [at(0, admin), at(1, admin)];
  const where = path(scene);
  await reader.must('GET', where);
  expect(await reader.must('GET', where), `${what}, before`).not.toEqual(shown);
  await write(writer, scene);
  const writtenAt = performance.now();
  expect(await reader.must('GET', `${where}?fresh=true`), `${what}, fresh`).toEqual(shown);
  expect(await writer.must('GET', where), `${what}, own`).toEqual(shown);
  const isThere = async (): Promise<boolean> => isShown(await reader.must('GET', where), shown);
  return lagOf(writtenAt, isThere, `${what} on the other instance`);
}

function isShown(found: unknown, shown: unknown): boolean {
  try {
    expect(found).toEqual(shown);
    return true;
  } catch {
    return false;
  }
}

describe('a conversation', () => {
  test('is read by its owner alone until it is shared, on either instance (#12, #13)', async () => {
    const { conversationId } = await createScene(at(0, admin));
    const where = `/v1/conversations/${conversationId}`;
    for (const index of [0, 1] as const) {
      await at(index, admin).must('GET', where);
      expect((await at(index, member).ask('GET', where)).status).toBe(404);
      expect((await at(index, stranger).ask('GET', where)).status).toBe(404);
    }
    await at(0, admin).must('PATCH', where, { shareAudience: 'tenant' });
    await until(async () => (await at(1, member).ask('GET', where)).status === 200, { what: 'the sharing' });
    await at(0, admin).must('PATCH', where, { shareAudience: 'private' });
    await until(async () => (await at(1, member).ask('GET', where)).status === 404, { what: 'its end' });
    expect((await at(1, stranger).ask('GET', where)).status).toBe(404);
  });

  test('that others may only read is not written by them, whatever they send (#12)', async () => {
    const scene = await createScene(at(0, admin));
    const where = `/v1/conversations/${scene.conversationId}`;
    await at(0, admin).must('PATCH', where, { shareAudience: 'tenant', tenantAccess: 'view' });
    const viewer = at(0, member);
    const before = await viewer.must('GET', `${where}/messages`);
    const writes: readonly [string, string, object][] = [
      ['POST', `${where}/paths`, { messageId: scene.messageId }],
      ['PUT', `${where}/active-path`, { pathId: scene.branchId }],
      ['POST', '/v1/chat/completions', chatIn(scene, { role: 'user', content: 'mine' })],
      ['POST', '/v1/chat/completions', chatIn(scene, { role: 'system', content: 'obey' })],
    ];
    for (const [method, path, body] of writes) {
      expect(await viewer.ask(method, path, body), path).toMatchObject({
        status: 403,
        body: { error: { code: 'read_only' } },
      });
    }
    expect(await viewer.must('GET', `${where}/messages`)).toEqual(before);
  });

  test('keeps what its users say, and no instructions that came beside it', async () => {
    const scene = await createScene(at(0, admin));
    await at(0, admin).must(
      'POST',
      '/v1/chat/completions',
      chatIn(scene, { role: 'system', content: 'obey' }, { role: 'user', content: 'more' }),
    );
    const messages = await at(0, admin).must('GET', `/v1/conversations/${scene.conversationId}/messages`);
    expect(JSON.stringify(messages)).not.toContain('"system"');
    expect(messages).toMatchObject({ messages: { length: 4, 2: { role: 'user', content: 'more' } } });
  });

  test('is branched at its own messages alone (#15)', async () => {
    const [scene, other] = [await createScene(at(0, admin)), await createScene(at(0, member))];
    const where = `/v1/conversations/${other.conversationId}/paths`;
    const { status } = await at(0, member).ask('POST', where, { messageId: scene.messageId });
    expect(status).toBe(404);
    expect(await at(0, member).must('GET', where)).toMatchObject({
      paths: [{ isPrimary: true }, { id: other.branchId }],
    });
  });

  test('is heard of by those who may read it, for as long as they may (#12, #36)', async () => {
    const { conversationId } = await createScene(at(0, admin));
    const where = `/v1/conversations/${conversationId}`;
    await at(0, admin).must('PATCH', where, { shareAudience: 'tenant' });
    const ofOne = readEvents(await at(0, member).fetch('GET', `/v1/events/conversations/${conversationId}`));
    const ofList = readEvents(await at(0, member).fetch('GET', '/v1/events/conversations'));
    expect((await ofOne.next()).value).toMatchObject({ event: 'ready' });
    expect((await ofList.next()).value).toMatchObject({ event: 'ready' });

    await at(0, admin).must('PATCH', where, { shareAudience: 'private' });
    await at(0, admin).must('PATCH', where, { title: 'a secret' });
    await at(0, admin).chat('more', { metadata: { conversation_id: conversationId } });
    expect(await ofOne.next()).toEqual({ done: true, value: undefined });
    const own = await createScene(at(0, member));
    expect((await ofList.next()).value).toMatchObject({
      data: { data: { conversationId: own.conversationId } },
    });
    await ofList.return();
  });

  test('tells those who listen on the other instance (#36)', async () => {
    const { conversationId } = await createScene(at(0, admin));
    const response = await at(1, admin).fetch('GET', `/v1/events/conversations/${conversationId}`);
    const events = readEvents(response);
    expect((await events.next()).value).toEqual({ event: 'ready', data: { isEverywhere: true } });
    await at(0, admin).chat('more', { metadata: { conversation_id: conversationId } });
    expect((await events.next()).value).toMatchObject({ event: 'message', data: { data: { role: 'user' } } });
    expect((await events.next()).value).toMatchObject({
      event: 'message',
      data: { data: { role: 'assistant' } },
    });
    await events.return();
  });
});

/** What a client sends to go on with the conversation. */
function chatIn({ conversationId }: Scene, ...messages: readonly object[]): object {
  return { model: 'auto', messages, metadata: { conversation_id: conversationId } };
}

describe('an answer', () => {
  test('comes piece by piece when a stream is asked for, and is kept when it is whole', async () => {
    const response = await at(0, member).fetch('POST', '/v1/chat/completions', {
      model: 'auto',
      stream: true,
      messages: [{ role: 'user', content: 'one two' }],
    });
    const events: unknown[] = [];
    for await (const { data } of readEvents(response)) events.push(data);
    expect(events.pop()).toBe('[DONE]');
    const chunks = events as readonly {
      readonly choices: readonly [
        { readonly delta: { readonly content?: string; readonly conversation_id?: string } },
      ];
    }[];
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe(
      'remote/large heard: one two',
    );
    const conversationId = chunks.at(-1)?.choices[0].delta.conversation_id;
    expect(
      await at(1, member).must('GET', `/v1/conversations/${String(conversationId)}/messages`),
    ).toMatchObject({ messages: [{ content: 'one two' }, { content: 'remote/large heard: one two' }] });
  });
});

describe('the door', () => {
  test.each<[string, () => string]>([
    ['no token', () => ''],
    ['a token that nobody signed', () => 'a.b.c'],
  ])('is closed to %s', async (_, token) => {
    const answer = await at(0, { id: '', token: token() }).ask('GET', '/v1/policy');
    expect(answer.status).toBe(401);
  });

  test('is closed to an account that is gone, whatever its token says (#34)', async () => {
    const token = await stack.signJwt({
      sub: crypto.randomUUID(),
      aud: 'authenticated',
      role: 'authenticated',
      app_metadata: { tenant_id: 'acme' },
    });
    expect(await at(0, { id: '', token }).ask('GET', '/v1/policy')).toMatchObject({
      status: 401,
      body: { error: { code: 'not_valid' } },
    });
  });

  test('counts the requests of a tenant over all instances (#35)', async () => {
    const { token } = await signUp(stack, { tenantId: 'flooder' });
    const strict = { REQUESTS_PER_MINUTE: '4' };
    await using one = await startGateway(address(), strict);
    await using other = await startGateway(address(), strict);
    const statuses: number[] = [];
    for (let round = 0; round < 3; round += 1) {
      for (const instance of [one, other]) {
        statuses.push((await new GatewayClient(instance, token).ask('GET', '/v1/policy')).status);
      }
    }
    expect(statuses).toEqual([200, 200, 200, 200, 429, 429]);
  });

  test('says of each part how it is (#37)', async () => {
    const response = await fetch(`${gateways[0].url}/readyz`);
    expect([response.status, await response.text()]).toEqual([
      200,
      expect.stringMatching(/^supabase: healthy/),
    ]);
  });
});
