// What a client asks for when it joins, as far as it can be understood. Pure: outside data in, a full answer out; what is
// missing or of the wrong type is what a client that says nothing gets.
import { type Binding, readBindings } from './bindings.ts';
import { isRecord } from './frames.ts';

export interface JoinConfig {
  readonly isPrivate: boolean;
  /** The client's own broadcasts come back to it. */
  readonly isEchoed: boolean;
  /** Each broadcast of the client is answered. */
  readonly isAcknowledged: boolean;
  /** The client wants to hear when broadcasts from the database are decoded. */
  readonly asksForReplicationReady: boolean;
  readonly replay: { readonly sinceMs: number; readonly limit: number } | undefined;
  readonly presence: { readonly isOn: boolean; readonly key: string };
  readonly bindings: readonly Binding[];
}

const defaultReplayLimit = 25;

export function readJoinConfig(payload: Readonly<Record<string, unknown>>): JoinConfig {
  const config = record(payload['config']);
  const broadcast = record(config['broadcast']);
  const presence = record(config['presence']);
  const replay = record(broadcast['replay']);
  return {
    isPrivate: config['private'] === true,
    isEchoed: broadcast['self'] === true,
    isAcknowledged: broadcast['ack'] === true,
    asksForReplicationReady: broadcast['replication_ready'] === true,
    replay:
      typeof replay['since'] === 'number'
        ? {
            sinceMs: replay['since'],
            limit: typeof replay['limit'] === 'number' ? Math.floor(replay['limit']) : defaultReplayLimit,
          }
        : undefined,
    presence: {
      isOn: presence['enabled'] === true,
      key: typeof presence['key'] === 'string' ? presence['key'] : '',
    },
    bindings: readBindings(config['postgres_changes']),
  };
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  return isRecord(value) ? value : {};
}
