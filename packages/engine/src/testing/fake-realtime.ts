// Supabase Realtime as a client sees it, moved by hand: what the server says is said by the test.
import type { SupabaseClient } from '@supabase/supabase-js';

type Listener = (payload: unknown) => void;
type StatusListener = (status: string, error?: Error) => void;

export class FakeChannel {
  readonly topic: string;
  readonly options: object | undefined;
  readonly filters: object[] = [];
  isSubscribed = false;
  readonly #listeners = new Map<string, Listener[]>();
  #onStatus: StatusListener = () => {};

  constructor(topic: string, options?: object) {
    this.topic = topic;
    this.options = options;
  }

  on(type: string, filter: object, listener: Listener): this {
    this.filters.push(filter);
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
    return this;
  }

  subscribe(onStatus: StatusListener): this {
    this.isSubscribed = true;
    this.#onStatus = onStatus;
    return this;
  }

  say(type: 'system' | 'postgres_changes' | 'broadcast', payload: unknown): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(payload);
  }

  becomes(status: 'SUBSCRIBED' | 'CHANNEL_ERROR' | 'TIMED_OUT' | 'CLOSED', error?: Error): void {
    this.#onStatus(status, error);
  }

  /** SUBSCRIBED, and the message that alone means that changes are delivered from now on. */
  joins(): void {
    this.becomes('SUBSCRIBED');
    this.say('system', { extension: 'postgres_changes', status: 'ok', message: 'Subscribed to PostgreSQL' });
  }
}

export class FakeRealtime {
  /** All that were ever made, in order. */
  readonly channels: FakeChannel[] = [];
  readonly removed: FakeChannel[] = [];
  isDisconnected = false;
  /** Times that the token was asked for anew. */
  refreshes = 0;
  /** What `removeChannel` does; a test may make it wait or fail. */
  removal: () => Promise<string> = () => Promise.resolve('ok');

  get client(): SupabaseClient {
    return {
      channel: (topic: string, options?: object) => {
        const channel = new FakeChannel(topic, options);
        this.channels.push(channel);
        return channel;
      },
      removeChannel: (channel: unknown) => {
        if (channel instanceof FakeChannel) this.removed.push(channel);
        return this.removal();
      },
      realtime: {
        setAuth: () => {
          this.refreshes += 1;
          return Promise.resolve();
        },
        disconnect: () => {
          this.isDisconnected = true;
          return Promise.resolve();
        },
      },
    } as unknown as SupabaseClient;
  }

  /** The channel made last whose topic holds the text. */
  channel(text: string): FakeChannel {
    const found = this.channels.findLast(({ topic }) => topic.includes(text));
    if (found === undefined) throw new Error(`no channel was made with "${text}" in its topic`);
    return found;
  }
}
