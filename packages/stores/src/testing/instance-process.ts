// The main module of an app instance in a process of its own, which the tests drive over IPC: a policy store behind the
// cache, and a router on top of it. Ends with its parent.
import { createLlmRouter } from '../router/llm-router.ts';
import type { Route } from '../router/resolve-route.ts';
import type { RoutingOptions } from '../router/routing-options.ts';
import type { TenantLlmPolicy } from '../policy/policy.ts';
import { type PolicyInstance, startPolicyInstance, type StackAddress } from './policy-instance.ts';
import { RecordingProvider } from './recording-provider.ts';

export type InstanceCommand =
  | { readonly kind: 'start'; readonly address: StackAddress }
  | { readonly kind: 'get'; readonly tenantId: string; readonly fresh?: boolean }
  | { readonly kind: 'set'; readonly policy: TenantLlmPolicy }
  | { readonly kind: 'delete'; readonly tenantId: string }
  | { readonly kind: 'route'; readonly options: RoutingOptions }
  | { readonly kind: 'stop' };

/** What `get` answers, what `route` answers, or nothing. */
export type InstanceAnswer = TenantLlmPolicy | Route | null;

export interface InstanceRequest {
  readonly id: number;
  readonly command: InstanceCommand;
}

export type InstanceReply =
  | { readonly id: number; readonly answer: InstanceAnswer }
  | { readonly id: number; readonly error: string };

let instance: PolicyInstance | undefined;

async function run(command: InstanceCommand): Promise<InstanceAnswer> {
  if (command.kind === 'start') {
    instance = startPolicyInstance(command.address);
    await instance.cache.ready();
    return null;
  }
  if (instance === undefined) throw new Error(`start comes before ${command.kind}`);
  return serve(instance, command);
}

async function serve(
  { store, cache }: PolicyInstance,
  command: Exclude<InstanceCommand, { kind: 'start' }>,
): Promise<InstanceAnswer> {
  if (command.kind === 'get') return store.getPolicy(command.tenantId, { fresh: command.fresh ?? false });
  if (command.kind === 'route') {
    const providers = [new RecordingProvider('remote'), new RecordingProvider('local')];
    const router = createLlmRouter({
      policyStore: store,
      providers,
      defaultProvider: 'remote',
      defaultModel: 'm',
    });
    return router.route(command.options);
  }
  if (command.kind === 'set') await store.setPolicy(command.policy);
  else if (command.kind === 'delete') await store.deletePolicy(command.tenantId);
  else await cache.close();
  return null;
}

process.on('message', (message) => {
  const { id, command } = message as InstanceRequest;
  run(command).then(
    (answer) => send({ id, answer }, command),
    (error: unknown) => send({ id, error: String(error) }, command),
  );
});
process.on('disconnect', () => process.exit());

function send(reply: InstanceReply, command: InstanceCommand): void {
  process.send?.(reply, () => {
    if (command.kind === 'stop') process.disconnect();
  });
}
