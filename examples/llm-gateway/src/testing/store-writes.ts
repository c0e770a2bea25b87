// Every write that the gateway offers to a cached store, with what another instance shows after it. A shown value may
// hold the matchers of vitest.
import { expect } from 'vitest';
import type { GatewayClient } from './gateway-process.ts';

/** A policy that lets data leave. */
export const open = {
  defaultModel: 'large',
  defaultProvider: 'remote',
  allowRemoteEgress: true,
  tasks: [{ task: 'summary', model: 'small', provider: 'local' }],
};

export interface StoreWrite {
  readonly what: string;
  readonly write: (writer: GatewayClient, scene: Scene) => Promise<unknown>;
  /** Where the other instance shows it. */
  readonly path: (scene: Scene) => string;
  readonly shown: unknown;
}

/** What the writes are about: a conversation of the operator with two messages and two paths. */
export interface Scene {
  readonly conversationId: string;
  readonly messageId: string;
  readonly branchId: string;
}

const conversationPath = ({ conversationId }: Scene): string => `/v1/conversations/${conversationId}`;

/** In each round other values, so that none shows what the round before has written. */
export const writesOf = (round: number): readonly StoreWrite[] => [
  {
    what: 'policy set',
    write: (writer) => writer.must('PUT', '/v1/policy', { ...open, defaultModel: `other-${round}` }),
    path: () => '/v1/policy',
    shown: { policy: expect.objectContaining({ defaultModel: `other-${round}` }) },
  },
  {
    what: 'policy deleted',
    write: (writer) => writer.must('DELETE', '/v1/policy'),
    path: () => '/v1/policy',
    shown: { policy: null },
  },
  {
    what: 'global configuration',
    write: (writer) => writer.must('PATCH', '/v1/config/global', { pathMaxMessages: 100 + round }),
    path: () => '/v1/config',
    shown: expect.objectContaining({ pathMaxMessages: 100 + round, configLevel: 'global' }),
  },
  {
    what: 'tenant configuration',
    write: (writer) => writer.must('PATCH', '/v1/config/tenant', { pathMaxMessages: 200 + round }),
    path: () => '/v1/config',
    shown: expect.objectContaining({ pathMaxMessages: 200 + round, configLevel: 'tenant' }),
  },
  {
    what: 'user configuration',
    write: (writer) => writer.must('PATCH', '/v1/config/user', { pathMaxMessages: 300 + round }),
    path: () => '/v1/config',
    shown: expect.objectContaining({ pathMaxMessages: 300 + round, configLevel: 'user' }),
  },
  {
    what: 'user configuration deleted',
    write: (writer) => writer.must('DELETE', '/v1/config/user'),
    path: () => '/v1/config',
    shown: expect.objectContaining({ pathMaxMessages: 200 + round, configLevel: 'tenant' }),
  },
  {
    what: 'tenant configuration deleted',
    write: (writer) => writer.must('DELETE', '/v1/config/tenant'),
    path: () => '/v1/config',
    shown: expect.objectContaining({ pathMaxMessages: 100 + round, configLevel: 'global' }),
  },
  {
    what: 'conversation renamed',
    write: (writer, scene) => writer.must('PATCH', conversationPath(scene), { title: `renamed ${round}` }),
    path: conversationPath,
    shown: expect.objectContaining({ title: `renamed ${round}` }),
  },
  {
    what: 'conversation shared',
    write: (writer, scene) => writer.must('PATCH', conversationPath(scene), { shareAudience: 'tenant' }),
    path: conversationPath,
    shown: expect.objectContaining({ shareAudience: 'tenant' }),
  },
  {
    what: 'conversation archived',
    write: (writer, scene) => writer.must('PATCH', conversationPath(scene), { archived: true }),
    path: conversationPath,
    shown: expect.objectContaining({ archivedAt: expect.any(String) }),
  },
  {
    what: 'active path',
    write: (writer, scene) =>
      writer.must('PUT', `${conversationPath(scene)}/active-path`, { pathId: scene.branchId }),
    path: conversationPath,
    shown: expect.objectContaining({ activePathId: expect.any(String) }),
  },
];

export async function createScene(writer: GatewayClient): Promise<Scene> {
  const { headers } = await writer.chat('hello');
  const conversationId = headers.get('x-conversation-id') ?? '';
  const where = `/v1/conversations/${conversationId}`;
  const { messages } = (await writer.must('GET', `${where}/messages`)) as {
    readonly messages: readonly { readonly id: string }[];
  };
  const messageId = messages[0]?.id ?? '';
  const branch = (await writer.must('POST', `${where}/paths`, { messageId })) as { readonly id: string };
  return { conversationId, messageId, branchId: branch.id };
}
