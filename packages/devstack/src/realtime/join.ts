// The join of a channel: token, limit, access to a private topic; then the channel, or the reason why not, in the words
// of the real server. Owns the order of what is checked and of what the client hears.
import type { BroadcastFeed } from './broadcast-feed.ts';
import { Channel, type ChannelSurroundings } from './channel.ts';
import type { Database, Identity } from './database.ts';
import { broadcastPayload, type IncomingFrame } from './frames.ts';
import { type JoinConfig, readJoinConfig } from './join-config.ts';
import { accessTo, publicAccess, type TopicAccess } from './private-access.ts';
import { checkToken, type Token } from './token.ts';

export interface JoinSurroundings extends ChannelSurroundings {
  readonly database: Database;
  readonly broadcasts: BroadcastFeed;
}

export interface JoinRequest {
  readonly frame: Extract<IncomingFrame, { kind: 'message' }>;
  /** Of the connection; a token in the join goes before it. */
  readonly connectToken: string;
  readonly channelCount: number;
}

export type JoinOutcome =
  | { readonly kind: 'joined'; readonly channel: Channel }
  | { readonly kind: 'refused'; readonly reason: string };

type AccessOutcome =
  | { readonly kind: 'granted'; readonly access: TopicAccess }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export async function join(request: JoinRequest, surroundings: JoinSurroundings): Promise<JoinOutcome> {
  const { frame } = request;
  if (!frame.topic.startsWith('realtime:')) return { kind: 'refused', reason: 'unmatched topic' };
  if (frame.topic === 'realtime:') return refused('TopicNameRequired', 'You must provide a topic name');
  const text = tokenOf(frame.payload) ?? request.connectToken;
  const check = await checkToken(text, surroundings.options.jwtSecret, Date.now());
  if (check.kind === 'refused') return refused(check.code, check.message);
  if (request.channelCount >= surroundings.options.channelsPerClient) {
    return refused('ChannelRateLimitReached', 'Too many channels');
  }
  const config = readJoinConfig(frame.payload);
  const access = await topicAccess(surroundings, { topic: frame.topic, config, identity: check.token });
  if (access.kind === 'refused') return refused(access.code, access.message);
  const start = { topic: frame.topic, joinRef: frame.joinRef ?? frame.ref, config };
  return {
    kind: 'joined',
    channel: new Channel({ ...start, token: check.token, access: access.access }, surroundings),
  };
}

/** What a client hears after the reply to its join. */
export async function welcome(channel: Channel, surroundings: JoinSurroundings): Promise<void> {
  const { config } = channel;
  if (config.presence.isOn) {
    channel.push('presence_state', JSON.stringify(surroundings.hub.presenceOf(channel)));
  }
  channel.subscribeToChanges({ isRefresh: false });
  if (config.asksForReplicationReady) {
    await surroundings.broadcasts.untilReady(channel.signal);
    channel.pushSystem('system', 'ok', 'Replication connection established');
  }
  if (config.replay === undefined || !channel.isPrivate) return;
  const messages = await surroundings.broadcasts.replay({ topic: channel.name, ...config.replay });
  for (const { id, event, payload } of messages) {
    channel.push(
      'broadcast',
      broadcastPayload({ event, meta: JSON.stringify({ id, replayed: true }) }, payload),
    );
  }
}

/** setAuth: the channel goes on with the new token, or ends. */
export async function reauthorise(
  channel: Channel,
  payload: Readonly<Record<string, unknown>>,
  surroundings: JoinSurroundings,
): Promise<void> {
  const text = tokenOf(payload);
  if (text === undefined || text === channel.token.text) return;
  const check = await checkToken(text, surroundings.options.jwtSecret, Date.now());
  if (check.kind === 'refused') return channel.closeWithError(check.message);
  const { topic, config } = channel;
  const outcome = await topicAccess(surroundings, { topic, config, identity: check.token });
  if (outcome.kind === 'refused') return channel.closeWithError(outcome.message);
  channel.refresh(check.token, outcome.access);
}

interface AccessRequest {
  readonly topic: string;
  readonly config: JoinConfig;
  readonly identity: Token & Identity;
}

async function topicAccess(
  { database, options }: JoinSurroundings,
  { topic, config, identity }: AccessRequest,
): Promise<AccessOutcome> {
  if (!config.isPrivate) return { kind: 'granted', access: publicAccess };
  const name = topic.slice('realtime:'.length);
  try {
    const access = await accessTo(database, name, identity);
    if (access.canRead.size > 0) return { kind: 'granted', access };
    return {
      kind: 'refused',
      code: 'Unauthorized',
      message: `You do not have permissions to read from this Channel topic: ${name}`,
    };
  } catch (error) {
    options.logger.warn({ err: error, topic }, 'PostgreSQL could not be asked who may read a private topic');
    return {
      kind: 'refused',
      code: 'UnableToConnectToProject',
      message: 'Realtime was unable to connect to the project database',
    };
  }
}

/** Keys of the new kind are no tokens: the gateway in front of the real server exchanges them. */
function tokenOf(payload: Readonly<Record<string, unknown>>): string | undefined {
  const token = payload['access_token'] ?? payload['user_token'];
  return typeof token === 'string' && token !== '' && !token.startsWith('sb_') ? token : undefined;
}

function refused(code: string, message: string): JoinOutcome {
  return { kind: 'refused', reason: `${code}: ${message}` };
}
