// Plays a recording against a gateway: connects, sends and commits what was recorded, in the recorded order, waits for
// what was recorded to come back, and at the end compares every connection frame by frame.
import { until } from '../processes/until.ts';
import {
  makeToken,
  type RealtimeBench,
  type RealtimeDoor,
  socketUrl,
  type TokenRequest,
} from './realtime-bench.ts';
import { FrameClient } from './realtime-frame-client.ts';
import {
  fold,
  Normaliser,
  readTranscript,
  replaceTokens,
  type Seen,
  seenFrame,
  type TranscriptLine,
} from './realtime-transcript.ts';

export interface Replay {
  readonly bench: RealtimeBench;
  readonly door: RealtimeDoor;
  readonly name: string;
  /** Runs of equal events count once: how many there are depends on how long a case lasts. */
  readonly isFolded: boolean;
  /** Frames that the recording leaves out, or that a case is not about. */
  readonly isIgnored?: ((seen: Seen) => boolean) | undefined;
  /** Who connects; the recordings do not say. Default service_role. */
  readonly connectAs?: ((conn: string) => TokenRequest) | undefined;
  /** Lifetimes of recorded tokens are divided by it. */
  readonly timeScale?: number | undefined;
  readonly beforeConnect?: ((conn: string) => Promise<void>) | undefined;
  /** What the recording did between its lines, by the beginning of its notes. */
  readonly onNote?: Readonly<Record<string, (playing: Playing) => Promise<void>>> | undefined;
  /** After the nth `system ok` came. */
  readonly onSystemOk?: ((nth: number, playing: Playing) => Promise<void>) | undefined;
}

export interface Playing {
  /** What came so far. */
  frames(conn?: string): readonly (string | Buffer)[];
}

export interface ReplayResult {
  readonly frames: number;
  /** In words; empty: the same. */
  readonly differences: readonly string[];
  /** Per connection, as they came. */
  readonly received: ReadonlyMap<string, readonly (string | Buffer)[]>;
}

export async function replay(request: Replay): Promise<ReplayResult> {
  const player = new Player(request);
  try {
    return await player.play();
  } finally {
    await player.close();
  }
}

const aMinuteMs = 60_000;

class Player {
  readonly #request: Replay;
  readonly #expected = new Streams();
  readonly #clients = new Map<string, FrameClient>();
  readonly #normalisers = new Map<string, Normaliser>();
  readonly #missing: string[] = [];
  #barrier: FrameClient | undefined;
  #barriers = 0;
  #systemOks = 0;
  readonly #playing: Playing = { frames: (conn = 'c1') => this.#client(conn).frames };
  #isVsn1 = false;

  constructor(request: Replay) {
    this.#request = request;
  }

  async play(): Promise<ReplayResult> {
    const lines = readTranscript(this.#request.name);
    const hasSql = lines.some(({ sql }) => sql !== undefined);
    if (hasSql) await this.#openBarrier();
    for (const line of lines) await this.#play(line);
    await this.#untilSeen();
    if (hasSql) await this.#passBarrier();
    return { frames: this.#expected.count(), differences: this.#differences(), received: this.#received() };
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.terminate();
    this.#barrier?.terminate();
    await Promise.resolve();
  }

  async #play(line: TranscriptLine): Promise<void> {
    const conn = line.conn ?? 'c1';
    switch (line.dir) {
      case 'callback':
        return;
      case 'in':
        return await this.#expectFrame(conn, line);
      case 'out':
        await this.#untilSeen();
        if (line.raw?.includes('phx_leave') === true) await this.#passBarrier();
        return this.#client(conn).send(await this.#withFreshTokens(line.raw ?? ''));
      case 'note':
        return await this.#note(conn, line);
    }
  }

  async #note(conn: string, line: TranscriptLine): Promise<void> {
    // The summary at the end of some recordings has no name.
    const note = line.note ?? 'summary';
    if (note === 'ws connect') {
      await this.#untilSeen();
      return await this.#connect(conn, line);
    }
    if (note === 'ws open') return this.#expected.add(conn, { topic: 'socket', text: 'open' });
    if (note === 'ws error') {
      const status = /response: (\d+)/.exec(line.error ?? '')?.[1] ?? '';
      return this.#expected.add(conn, { topic: 'socket', text: `refused ${status}`.trim() });
    }
    if (note === 'ws close') return await this.#closed(conn, line);
    if (note === 'committed') {
      await this.#untilSeen();
      return await this.#request.bench.sql(line.sql ?? '');
    }
    const action = Object.entries(this.#request.onNote ?? {}).find(([start]) => note.startsWith(start));
    if (action === undefined) return;
    await this.#untilSeen();
    await action[1](this.#playing);
  }

  async #closed(conn: string, line: TranscriptLine): Promise<void> {
    const clientClosed = 1005;
    if (line.code !== clientClosed) {
      return this.#expected.add(conn, { topic: 'socket', text: `close ${line.code}` });
    }
    await this.#untilSeen();
    await this.#passBarrier();
    await this.#client(conn).close();
  }

  async #expectFrame(conn: string, line: TranscriptLine): Promise<void> {
    const data = line.base64 === undefined ? (line.raw ?? '') : Buffer.from(line.base64, 'base64');
    const seen = seenFrame(data, this.#normaliser(`recorded ${conn}`));
    if (this.#request.isIgnored?.(seen) === true) return;
    this.#expected.add(conn, seen);
    if (!seen.text.includes('Subscribed to PostgreSQL') && !seen.text.includes('connection established'))
      return;
    await this.#untilSeen();
    this.#systemOks += 1;
    await this.#request.onSystemOk?.(this.#systemOks, this.#playing);
  }

  async #connect(conn: string, line: TranscriptLine): Promise<void> {
    const vsn = /vsn=([\d.]+)/.exec(line.url ?? '')?.[1] ?? '2.0.0';
    this.#isVsn1 = vsn === '1.0.0';
    await this.#request.beforeConnect?.(conn);
    const identity = this.#request.connectAs?.(conn) ?? { role: 'service_role' };
    await this.#client(conn).connect(socketUrl(this.#request.door, await makeToken(identity), vsn));
  }

  async #withFreshTokens(raw: string): Promise<string> {
    // A recorded moment is long ago, or in the future, by the clock of this run.
    const current = raw.replace(/"since":\d+/, `"since":${Date.now() - aMinuteMs}`);
    return await replaceTokens(current, async ({ iat, exp, iss: _iss, role, ...claims }) => {
      const lifetimeSeconds = Number(exp) - Number(iat);
      const scale = lifetimeSeconds > 0 && lifetimeSeconds < 60 ? (this.#request.timeScale ?? 1) : 1;
      return await makeToken({ role: String(role), claims, expiresInSeconds: lifetimeSeconds / scale });
    });
  }

  /** What was recorded so far has come; if not, that is a difference, and the play goes on. */
  async #untilSeen(): Promise<void> {
    const lacking = (): string | undefined =>
      this.#expected.firstLacking((conn) => this.#actual(conn), this.#texts);
    try {
      await until(() => lacking() === undefined, { what: 'the recorded frames', deadlineMs: 10_000 });
    } catch {
      this.#missing.push(`did not come: ${lacking() ?? ''}`);
      this.#expected.forgive((conn) => this.#actual(conn), this.#texts);
    }
  }

  /** Everything that committed before has been looked at, for every connection. */
  async #passBarrier(): Promise<void> {
    const client = this.#barrier;
    if (client === undefined) return;
    this.#barriers += 1;
    await this.#request.bench.sql(`insert into bench.barrier values (${this.#barriers})`);
    await until(() => client.frames.length >= this.#barriers + 2, { what: 'the barrier' });
  }

  async #openBarrier(): Promise<void> {
    await this.#request.bench.sql('truncate bench.barrier');
    this.#barrier = new FrameClient();
    await this.#barrier.connect(socketUrl(this.#request.door, await makeToken({ role: 'service_role' })));
    const binding = '{"event":"INSERT","schema":"bench","table":"barrier"}';
    this.#barrier.send(
      `["1","1","realtime:barrier","phx_join",{"config":{"postgres_changes":[${binding}]}}]`,
    );
    const client = this.#barrier;
    await until(() => client.frames.length === 2, { what: 'the barrier to be subscribed' });
  }

  #differences(): readonly string[] {
    const found = [...this.#missing];
    for (const [stream, expected] of this.#expected.streams(this.#texts)) {
      const [conn = '', topic = ''] = stream.split('\n');
      const actual = this.#texts(this.#actual(conn).filter((seen) => seen.topic === topic));
      const length = Math.max(expected.length, actual.length);
      for (let at = 0; at < length; at += 1) {
        // A client that closes its socket at once may or may not have heard the answers to its last leave.
        if (at >= expected.length && isGoodbye(actual[at] ?? '', this.#isVsn1)) continue;
        if (expected[at] !== actual[at]) {
          found.push(`${conn} ${topic} frame ${at + 1}: recorded ${expected[at]}, came ${actual[at]}`);
          break;
        }
      }
    }
    return found;
  }

  #received(): ReplayResult['received'] {
    return new Map([...this.#clients].map(([conn, { frames }]) => [conn, frames]));
  }

  readonly #texts = (seen: readonly Seen[]): readonly string[] => {
    const texts = seen.map(({ text }) => text);
    return this.#request.isFolded ? fold(texts) : texts;
  };

  #actual(conn: string): readonly Seen[] {
    const { isIgnored } = this.#request;
    const { seen } = this.#client(conn);
    return isIgnored === undefined ? seen : seen.filter((each) => !isIgnored(each));
  }

  #client(conn: string): FrameClient {
    let client = this.#clients.get(conn);
    if (client === undefined) {
      client = new FrameClient(this.#normaliser(`played ${conn}`));
      this.#clients.set(conn, client);
    }
    return client;
  }

  #normaliser(name: string): Normaliser {
    let normaliser = this.#normalisers.get(name);
    if (normaliser === undefined) {
      normaliser = new Normaliser({ isFolded: this.#request.isFolded });
      this.#normalisers.set(name, normaliser);
    }
    return normaliser;
  }
}

function isGoodbye(text: string, isVsn1: boolean): boolean {
  const answers = isVsn1
    ? ['"phx_close"', '"phx_reply","payload":{"response":{},"status":"ok"}']
    : ['"phx_close"', '"phx_reply",{"response":{},"status":"ok"}'];
  return answers.some((answer) => text.includes(answer));
}

/** What is expected, per connection and topic: heartbeats and events come in any order to each other. */
class Streams {
  readonly #streams = new Map<string, Seen[]>();

  add(conn: string, seen: Seen): void {
    const key = `${conn}\n${seen.topic}`;
    const stream = this.#streams.get(key);
    if (stream === undefined) this.#streams.set(key, [seen]);
    else stream.push(seen);
  }

  count(): number {
    return [...this.#streams.values()].reduce((sum, { length }) => sum + length, 0);
  }

  streams(
    texts: (seen: readonly Seen[]) => readonly string[],
  ): readonly (readonly [string, readonly string[]])[] {
    return [...this.#streams].map(([key, stream]) => [key, texts(stream)]);
  }

  firstLacking(
    actual: (conn: string) => readonly Seen[],
    texts: (seen: readonly Seen[]) => readonly string[],
  ): string | undefined {
    for (const [key, expected] of this.streams(texts)) {
      const [conn = '', topic] = key.split('\n');
      const came = texts(actual(conn).filter((seen) => seen.topic === topic));
      if (came.length < expected.length) return expected[came.length];
    }
    return undefined;
  }

  /** What is lacking now is lacking for good; the comparison at the end says so. */
  forgive(
    actual: (conn: string) => readonly Seen[],
    texts: (seen: readonly Seen[]) => readonly string[],
  ): void {
    for (const [key, stream] of this.#streams) {
      const [conn = '', topic] = key.split('\n');
      const came = texts(actual(conn).filter((seen) => seen.topic === topic));
      if (came.length < texts(stream).length) this.#streams.set(key, stream.slice(0, came.length));
    }
  }
}
