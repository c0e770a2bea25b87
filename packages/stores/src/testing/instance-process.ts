// The main module of an app instance in a process of its own, which the tests drive over IPC: stores behind a cache that
// shares nothing with others but PostgreSQL and Redis, the rounds embedded. Ends with its parent.
import { createCache, type Cache } from '@tidemark/cache';
import { createEngine, supabaseJournal } from '@tidemark/engine';
import type { EnvironmentVariables } from '../control/environment-reader.ts';
import { type InstanceStores, openInstanceStores } from './instance-stores.ts';
import { connectSupabase, type StackAddress } from './policy-instance.ts';

export type InstanceCommand =
  | { readonly kind: 'start'; readonly address: StackAddress; readonly env: EnvironmentVariables }
  | {
      readonly kind: 'call';
      readonly store: keyof InstanceStores;
      readonly method: string;
      readonly parameters: readonly unknown[];
    }
  | { readonly kind: 'stop' };

export interface InstanceRequest {
  readonly id: number;
  readonly command: InstanceCommand;
}

export type InstanceReply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };

type Methods = Readonly<Record<string, (...parameters: readonly unknown[]) => Promise<unknown>>>;

let instance: { readonly cache: Cache; readonly stores: InstanceStores } | undefined;

async function run(command: InstanceCommand): Promise<unknown> {
  if (command.kind === 'start') {
    const { address, env } = command;
    const { redisUrl } = address;
    const supabase = connectSupabase(address, address.serviceRoleKey);
    const engine = createEngine({ journal: supabaseJournal(supabase) });
    const cache = createCache({ redis: redisUrl, engine });
    instance = { cache, stores: openInstanceStores({ supabase, cache, redisUrl, env }) };
    return cache.ready();
  }
  if (instance === undefined) throw new Error(`start comes before ${command.kind}`);
  if (command.kind === 'stop') return instance.cache.close();
  const store = instance.stores[command.store] as unknown as Methods;
  return store[command.method]?.(...command.parameters);
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
