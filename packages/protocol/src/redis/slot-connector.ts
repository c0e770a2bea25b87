// Leads a connection to the master of one slot of a Redis Cluster, found anew on each connect. Everything above sees a
// plain connection that is sometimes lost. Why not the client of a Cluster that ioredis has: it sends a command to
// whichever connection its map of slots names at that moment, and resends on MOVED, so that two readings of one head could
// come from two servers, and a script could run twice. Here a slot that moved is a lost connection (R1).
//
//   ask a node for the map ──(nobody answers: the next one, after a pause)──► connect to the master of the slot
//         ▲                                                                          │
//         └────────────(lost, or MOVED, CLUSTERDOWN, READONLY: see isElsewhere)──────┘
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis } from 'ioredis';
import { sleep } from '../ports/clock.ts';
import { systemClock } from '../ports/system-clock.ts';
import { keySlot } from '../wire/key-slot.ts';
import type { ClusterNode, ClusterOption } from './cluster-option.ts';

type Connector = new (options: unknown) => AbstractConnector;

/** For one node to connect and to answer; silent ones are passed over. */
const askTimeoutMs = 1_000;

/** Between two nodes that could not help: the first pause, and the longest. */
const firstPauseMs = 50;
const lastPauseMs = 1_000;

/** Nodes whose addresses are remembered beside those of the option. */
const maxKnown = 64;

/** What ends a wait when the connection is given up; the text that ioredis uses. */
const closedMessage = 'Connection is closed.';

const endTimeoutMs = 2_000;

/** Where the master of a slot is, as far as is known; shared by the connects of one connection. */
export class SlotSearch {
  readonly slot: number;
  readonly #option: ClusterOption;
  #known: readonly ClusterNode[] = [];
  /** Who to ask next; each connect asks another one, because a node that was cut off knows an old map. */
  #turn = 0;
  /** A master that lost the slot says who has it. */
  #told: ClusterNode | undefined;

  /** @param key any key of the slot */
  constructor(option: ClusterOption, key: string) {
    this.#option = option;
    this.slot = keySlot(key);
  }

  /**
   * Whether an answer says that the slot, or its master, is elsewhere. ASK and TRYAGAIN do not: while a slot migrates its
   * old master has the word, and most of its keys.
   */
  isElsewhere(error: Error): boolean {
    const [, host, port] = /^MOVED \d+ (.*):(\d+)$/.exec(error.message) ?? [];
    if (host !== undefined && host !== '') this.#told = this.#reach({ host, port: Number(port) });
    return /^(?:MOVED|CLUSTERDOWN|READONLY)\b/.test(error.message);
  }

  /** @throws what connecting throws, or an error of the node: that it is in no Cluster, or that nobody has the slot */
  async askNext(): Promise<ClusterNode> {
    const asked = this.#next();
    const redis = this.#open(asked);
    // `connect` itself only says that the connection is closed.
    let cause: Error | undefined;
    redis.on('error', (error: Error) => {
      cause = error;
    });
    try {
      await redis.connect().catch((error: unknown) => {
        throw cause ?? error;
      });
      const master = this.#read(await redis.cluster('SLOTS'), asked);
      if (master === undefined) throw new Error(`no master has slot ${this.slot} of the Redis Cluster`);
      return master;
    } finally {
      redis.disconnect();
    }
  }

  #next(): ClusterNode {
    const told = this.#told;
    this.#told = undefined;
    if (told !== undefined) return told;
    const nodes = [...this.#option.nodes, ...this.#known];
    const node = nodes[this.#turn % nodes.length];
    this.#turn += 1;
    if (node === undefined) throw new Error('the Redis Cluster has no nodes');
    return node;
  }

  #open({ host, port }: ClusterNode): Redis {
    const { username, password, tls } = this.#option;
    return new Redis({
      host,
      port,
      ...(username === undefined ? {} : { username }),
      ...(password === undefined ? {} : { password }),
      ...(tls === undefined ? {} : { tls }),
      lazyConnect: true,
      connectTimeout: askTimeoutMs,
      commandTimeout: askTimeoutMs,
      retryStrategy: () => null,
      maxRetriesPerRequest: 0,
      enableReadyCheck: false,
      disableClientInfo: true,
    });
  }

  /** @param slots what CLUSTER SLOTS answers: first slot, last slot, master, replicas */
  #read(slots: unknown, asked: ClusterNode): ClusterNode | undefined {
    const nodes: ClusterNode[] = [];
    let master: ClusterNode | undefined;
    for (const range of Array.isArray(slots) ? (slots as unknown[]) : []) {
      const [first, last, ...members] = Array.isArray(range) ? (range as unknown[]) : [];
      const [owner, ...replicas] = members.map((member) => toNode(member, asked));
      for (const node of [owner, ...replicas]) if (node !== undefined) nodes.push(this.#reach(node));
      const isHere = Number(first) <= this.slot && this.slot <= Number(last);
      if (isHere && owner !== undefined) master = this.#reach(owner);
    }
    const isNew = ({ host, port }: ClusterNode, at: number): boolean =>
      nodes.findIndex((node) => node.host === host && node.port === port) === at;
    if (nodes.length > 0) this.#known = nodes.filter(isNew).slice(0, maxKnown);
    return master;
  }

  #reach(node: ClusterNode): ClusterNode {
    return this.#option.natMap?.[`${node.host}:${node.port}`] ?? node;
  }
}

/** A node that does not know its own name tells none, or `?`: it is where it was asked. */
function toNode(member: unknown, asked: ClusterNode): ClusterNode | undefined {
  const [host, port] = Array.isArray(member) ? (member as unknown[]) : [];
  if (typeof port !== 'number') return undefined;
  return { host: typeof host === 'string' && host !== '' && host !== '?' ? host : asked.host, port };
}

/** For the option `Connector` of ioredis. */
export function slotConnector(search: SlotSearch, tls: ClusterOption['tls']): Connector {
  return class extends AbstractConnector {
    #closing = new AbortController();

    constructor() {
      super(endTimeoutMs);
    }

    /** Goes on until a master is found, or the connection is given up: a rejection would end it for good. */
    async connect(tell: (type: string, error: Error) => void): Promise<Socket> {
      this.connecting = true;
      this.#closing = new AbortController();
      const { signal } = this.#closing;
      for (let failures = 0; ; failures += 1) {
        try {
          const node = await search.askNext();
          if (signal.aborted) throw new Error(closedMessage);
          return this.#open(node);
        } catch (error) {
          if (signal.aborted) throw error;
          tell('error', error instanceof Error ? error : new Error(String(error)));
        }
        await sleep(systemClock, Math.min(firstPauseMs * 2 ** failures, lastPauseMs), signal);
        if (signal.aborted) throw new Error(closedMessage);
      }
    }

    #open({ host, port }: ClusterNode): Socket {
      const stream = tls === undefined ? connectTcp({ host, port }) : connectTls({ host, port, ...tls });
      stream.once('error', (error: Error) => {
        this.firstError = error;
      });
      this.stream = stream;
      return stream;
    }

    /** Once for each stream: every command that is told MOVED asks for it, and each asking would leave a listener. */
    override disconnect(): void {
      this.#closing.abort();
      this.connecting = false;
      if (!this.stream?.writableEnded) super.disconnect();
    }
  };
}
