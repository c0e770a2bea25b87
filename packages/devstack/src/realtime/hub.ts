// Which channel of which client is on which topic, and the way of a broadcast to them. Owns the list of channels and the
// presence of topics. A private and a public topic of the same name have nothing to do with each other.
import type { Broadcast } from './frames.ts';
import { Presence, type PresenceDiff } from './presence.ts';
import { RateLimit } from './rate-limit.ts';
import type { RealtimeVices } from './vices.ts';

/** A joined channel, as the hub sees it. */
export interface TopicMember {
  /** `realtime:<name>` */
  readonly topic: string;
  readonly isPrivate: boolean;
  onBroadcast(broadcast: Broadcast): void;
  onPresence(diff: PresenceDiff): void;
}

interface Topic {
  readonly members: Set<TopicMember>;
  readonly presence: Presence;
}

export class Hub {
  readonly #vices: RealtimeVices;
  readonly #rateLimit = new RateLimit();
  readonly #topics = new Map<string, Topic>();

  constructor(vices: RealtimeVices) {
    this.#vices = vices;
  }

  join(member: TopicMember): void {
    const key = topicKey(member);
    const topic = this.#topics.get(key);
    if (topic !== undefined) topic.members.add(member);
    else this.#topics.set(key, { members: new Set([member]), presence: new Presence() });
  }

  leave(member: TopicMember): void {
    this.untrack(member);
    const key = topicKey(member);
    const topic = this.#topics.get(key);
    topic?.members.delete(member);
    if (topic?.members.size === 0) this.#topics.delete(key);
  }

  /** To all members but `sender`. */
  broadcast(
    to: { topic: string; isPrivate: boolean; sender?: TopicMember | undefined },
    broadcast: Broadcast,
  ): void {
    const topic = this.#topics.get(topicKey(to));
    if (topic === undefined || this.#vices.areBroadcastsSilent) return;
    const nowMs = performance.now();
    for (const member of topic.members) {
      if (member === to.sender || !this.#rateLimit.isAllowed(this.#vices.rateLimit, nowMs)) continue;
      member.onBroadcast(broadcast);
    }
  }

  track(member: TopicMember, key: string, payload: Readonly<Record<string, unknown>>): void {
    const topic = this.#topics.get(topicKey(member));
    if (topic === undefined) return;
    const diff = topic.presence.track(member, key, payload);
    for (const each of topic.members) each.onPresence(diff);
  }

  untrack(member: TopicMember): void {
    const topic = this.#topics.get(topicKey(member));
    const diff = topic?.presence.untrack(member);
    if (topic === undefined || diff === undefined) return;
    for (const each of topic.members) each.onPresence(diff);
  }

  presenceOf(member: TopicMember): ReturnType<Presence['state']> {
    return this.#topics.get(topicKey(member))?.presence.state() ?? {};
  }

  /** As after a restart of the server. */
  reset(): void {
    this.#rateLimit.reset();
  }
}

function topicKey({ topic, isPrivate }: { topic: string; isPrivate: boolean }): string {
  return `${isPrivate ? 'private' : 'public'} ${topic}`;
}
