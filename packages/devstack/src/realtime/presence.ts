// Who is present on a topic: as much of Presence as supabase-js needs to track itself and see the others. Owns the state
// of one topic and the two messages it is told by. Never sends.

export interface PresenceDiff {
  readonly joins: Readonly<Record<string, PresenceEntry>>;
  readonly leaves: Readonly<Record<string, PresenceEntry>>;
}

export interface PresenceEntry {
  readonly metas: readonly Readonly<Record<string, unknown>>[];
}

interface Tracked {
  readonly key: string;
  readonly meta: Readonly<Record<string, unknown>>;
}

export class Presence {
  /** By channel: a channel tracks one thing at a time. */
  readonly #tracked = new Map<object, Tracked>();
  #lastRef = 0;

  track(channel: object, key: string, payload: Readonly<Record<string, unknown>>): PresenceDiff {
    const left = this.untrack(channel)?.leaves ?? {};
    this.#lastRef += 1;
    const meta = { ...payload, phx_ref: String(this.#lastRef) };
    this.#tracked.set(channel, { key, meta });
    return { joins: { [key]: { metas: [meta] } }, leaves: left };
  }

  /** undefined: nothing was tracked. */
  untrack(channel: object): PresenceDiff | undefined {
    const tracked = this.#tracked.get(channel);
    if (tracked === undefined) return undefined;
    this.#tracked.delete(channel);
    return { joins: {}, leaves: { [tracked.key]: { metas: [tracked.meta] } } };
  }

  state(): Readonly<Record<string, PresenceEntry>> {
    const byKey = Map.groupBy(this.#tracked.values(), ({ key }) => key);
    return Object.fromEntries([...byKey].map(([key, all]) => [key, { metas: all.map(({ meta }) => meta) }]));
  }
}
