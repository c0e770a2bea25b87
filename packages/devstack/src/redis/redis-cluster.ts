// A real Redis Cluster of processes on 127.0.0.1: masters that share the slots evenly, replicas for whoever asks, and what
// an administrator does to it: slots that move, replicas that take over. Built by commands, without redis-cli.
import { Redis } from 'ioredis';
import { freePort } from '../processes/free-port.ts';
import { until } from '../processes/until.ts';
import { startWatchdog, type Watchdog } from '../processes/watchdog.ts';
import { type RedisServer, startRedis } from './redis-server.ts';

export interface RedisClusterOptions {
  /** Default 3, the fewest that can agree on a failover. */
  readonly masters?: number;
  /** Of each master. Default 0. */
  readonly replicas?: number;
  /** After which a silent node counts as failed. Default 1,000 ms. */
  readonly nodeTimeoutMs?: number;
  /** Of each node, as in redis.conf. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** Shared by the parts of a stack. Default: one of its own. */
  readonly watchdog?: Watchdog;
}

export interface SlotMove {
  readonly slot: number;
  readonly to: RedisServer;
  /** Runs when half of the keys have been moved, and none of the commands that need all of them finds them. */
  readonly halfway?: () => Promise<void>;
}

export interface RedisCluster extends AsyncDisposable {
  /** The masters first, then their replicas, in the same order. */
  readonly nodes: readonly RedisServer[];
  /** For clients: the addresses of the masters. */
  readonly addresses: readonly { readonly host: string; readonly port: number }[];
  /** Who the rest of the cluster takes for the master of a slot. */
  masterOf(slot: number): Promise<RedisServer>;
  replicasOf(master: RedisServer): Promise<readonly RedisServer[]>;
  /** Moves a slot with its keys to another master, as resharding does. */
  moveSlot(move: SlotMove): Promise<void>;
  /** Default: the master hands over and loses nothing. `TAKEOVER` asks nobody. */
  failOver(replica: RedisServer, how?: 'FORCE' | 'TAKEOVER'): Promise<void>;
  /** Until every running node sees every slot served. */
  settle(): Promise<void>;
  /** Ends all nodes and removes their data. Idempotent. */
  close(): Promise<void>;
}

const slotCount = 16_384;

/** Gossip takes a while, on a busy machine a long one. */
const settleDeadlineMs = 60_000;

/** Keys that are moved by one command. */
const moveBatch = 50;

/**
 * Starts a cluster; about three seconds.
 *
 * @throws DevstackError as `startRedis` does; nothing is left behind then
 */
export async function startRedisCluster(options: RedisClusterOptions = {}): Promise<RedisCluster> {
  const { masters = 3, replicas = 0 } = options;
  const parts = new AsyncDisposableStack();
  try {
    const watchdog = options.watchdog ?? startWatchdog();
    if (options.watchdog === undefined) parts.defer(() => watchdog.close());
    const nodes: ClusterNode[] = [];
    for (let at = 0; at < masters * (1 + replicas); at += 1) {
      const node = await ClusterNode.start(options, watchdog);
      parts.use(node);
      nodes.push(node);
    }
    const cluster = new LocalRedisCluster(nodes, parts);
    await cluster.form(masters);
    return cluster;
  } catch (error) {
    await parts.disposeAsync();
    throw error;
  }
}

/** One node, and the connection by which the cluster is made and changed. */
class ClusterNode implements AsyncDisposable {
  readonly server: RedisServer;
  readonly busPort: number;
  readonly #admin: Redis;

  private constructor(server: RedisServer, busPort: number) {
    this.server = server;
    this.busPort = busPort;
    // A command that waits for a node that is down would wait for the test.
    this.#admin = new Redis(server.url, {
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      commandTimeout: 5_000,
      retryStrategy: () => 20,
    });
    this.#admin.on('error', () => {});
  }

  static async start(options: RedisClusterOptions, watchdog: Watchdog): Promise<ClusterNode> {
    const busPort = await freePort();
    const server = await startRedis({
      // Only servers of our own can be made a cluster of.
      environment: { ...process.env, REDIS_URL: '' },
      settings: {
        'cluster-enabled': 'yes',
        'cluster-port': busPort,
        'cluster-node-timeout': options.nodeTimeoutMs ?? 1_000,
        // A replica may take over however long ago it heard from its master.
        'cluster-replica-validity-factor': 0,
        'cluster-allow-replica-migration': 'no',
        ...options.settings,
      },
      watchdog,
    });
    const node = new ClusterNode(server, busPort);
    await until(() => node.#admin.status === 'ready', { what: 'a connection to a node of the cluster' });
    return node;
  }

  get isRunning(): boolean {
    return this.server.pid !== undefined;
  }

  ask(command: string, ...rest: (string | number)[]): Promise<unknown> {
    return this.#admin.call(command, ...rest);
  }

  async id(): Promise<string> {
    return String(await this.ask('CLUSTER', 'MYID'));
  }

  /** `undefined` while it does not answer. */
  async info(): Promise<Readonly<Record<string, string>> | undefined> {
    const text = await this.ask('CLUSTER', 'INFO').catch(() => undefined);
    if (typeof text !== 'string') return undefined;
    return Object.fromEntries(text.split('\r\n').map((line) => line.split(':', 2) as [string, string]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#admin.disconnect();
    await this.server.close();
  }
}

class LocalRedisCluster implements RedisCluster {
  readonly #nodes: readonly ClusterNode[];
  readonly #parts: AsyncDisposableStack;
  #closing: Promise<void> | undefined;

  constructor(nodes: readonly ClusterNode[], parts: AsyncDisposableStack) {
    this.#nodes = nodes;
    this.#parts = parts;
  }

  get nodes(): readonly RedisServer[] {
    return this.#nodes.map(({ server }) => server);
  }

  get addresses(): readonly { readonly host: string; readonly port: number }[] {
    return this.#nodes.map(({ server: { host, port } }) => ({ host, port }));
  }

  async form(masters: number): Promise<void> {
    const [first, ...others] = this.#nodes;
    for (const [at, node] of this.#nodes.entries()) {
      // Two nodes with the same epoch would first have to agree on who has which slot.
      await node.ask('CLUSTER', 'SET-CONFIG-EPOCH', at + 1);
      if (at >= masters) continue;
      const [from, to] = [at, at + 1].map((part) => Math.floor((part * slotCount) / masters));
      await node.ask('CLUSTER', 'ADDSLOTSRANGE', from ?? 0, (to ?? slotCount) - 1);
    }
    for (const { server, busPort } of others) {
      await first?.ask('CLUSTER', 'MEET', server.host, server.port, busPort);
    }
    await this.#untilKnown();
    for (const [at, replica] of this.#nodes.slice(masters).entries()) {
      await replica.ask('CLUSTER', 'REPLICATE', (await this.#nodes[at % masters]?.id()) ?? '');
    }
    await this.settle();
  }

  async #untilKnown(): Promise<void> {
    const count = String(this.#nodes.length);
    const isKnown = async (): Promise<boolean> => {
      const texts = await Promise.all(this.#nodes.map((node) => node.ask('CLUSTER', 'NODES')));
      return texts.every(
        (text) =>
          String(text).trim().split('\n').length === Number(count) && !String(text).includes('handshake'),
      );
    };
    await until(isKnown, { what: 'the nodes to know each other', deadlineMs: settleDeadlineMs, everyMs: 20 });
  }

  async settle(): Promise<void> {
    const isSettled = async (): Promise<boolean> => {
      const running = this.#nodes.filter(({ isRunning }) => isRunning);
      const infos = await Promise.all(running.map((node) => node.info()));
      const isServed = infos.every((info) => info?.['cluster_state'] === 'ok');
      return isServed && (await this.#areReplicasLinked(running));
    };
    await until(isSettled, { what: 'the cluster to settle', deadlineMs: settleDeadlineMs, everyMs: 20 });
  }

  async #areReplicasLinked(running: readonly ClusterNode[]): Promise<boolean> {
    const texts = await Promise.all(running.map((node) => node.ask('INFO', 'replication').catch(() => '')));
    return texts.every((text) => !String(text).includes('master_link_status:down') && text !== '');
  }

  async masterOf(slot: number): Promise<RedisServer> {
    return (await this.#masterOf(slot)).server;
  }

  async #masterOf(slot: number): Promise<ClusterNode> {
    for (const node of this.#nodes.filter(({ isRunning }) => isRunning)) {
      const ranges = (await node.ask('CLUSTER', 'SLOTS').catch(() => [])) as [
        number,
        number,
        [string, number],
      ][];
      const range = ranges.find(([from, to]) => from <= slot && slot <= to);
      const master = this.#nodes.find(({ server }) => server.port === range?.[2][1]);
      if (master?.isRunning === true) return master;
    }
    throw new Error(`no node of the cluster serves slot ${slot}`);
  }

  async replicasOf(master: RedisServer): Promise<readonly RedisServer[]> {
    const node = this.#of(master);
    const lines = (await node.ask('CLUSTER', 'REPLICAS', await node.id())) as string[];
    const ports = new Set(lines.map((line) => Number(/:(\d+)@/.exec(line)?.[1])));
    return this.nodes.filter(({ port }) => ports.has(port));
  }

  #of(server: RedisServer): ClusterNode {
    const node = this.#nodes.find((one) => one.server === server);
    if (node === undefined) throw new Error(`${server.url} is no node of this cluster`);
    return node;
  }

  async moveSlot({ slot, to, halfway }: SlotMove): Promise<void> {
    const from = await this.#masterOf(slot);
    const target = this.#of(to);
    const [fromId, toId] = [await from.id(), await target.id()];
    await target.ask('CLUSTER', 'SETSLOT', slot, 'IMPORTING', fromId);
    await from.ask('CLUSTER', 'SETSLOT', slot, 'MIGRATING', toId);
    const total = Number(await from.ask('CLUSTER', 'COUNTKEYSINSLOT', slot));
    await this.#moveKeys(from, { slot, to }, Math.ceil(total / 2));
    await halfway?.();
    await this.#moveKeys(from, { slot, to }, Number.POSITIVE_INFINITY);
    // The target first: were it told last, nobody would have the slot in between.
    for (const node of [target, from, ...this.#nodes]) {
      if (node.isRunning) await node.ask('CLUSTER', 'SETSLOT', slot, 'NODE', toId).catch(() => {});
    }
  }

  async #moveKeys(from: ClusterNode, { slot, to }: SlotMove, most: number): Promise<void> {
    for (let moved = 0; moved < most;) {
      const count = Math.min(moveBatch, most - moved);
      const keys = (await from.ask('CLUSTER', 'GETKEYSINSLOT', slot, count)) as string[];
      if (keys.length === 0) return;
      await from.ask('MIGRATE', to.host, to.port, '', 0, 5_000, 'REPLACE', 'KEYS', ...keys);
      moved += keys.length;
    }
  }

  async failOver(replica: RedisServer, how?: 'FORCE' | 'TAKEOVER'): Promise<void> {
    const node = this.#of(replica);
    await node.ask('CLUSTER', 'FAILOVER', ...(how === undefined ? [] : [how]));
    const isMaster = async (): Promise<boolean> =>
      String(await node.ask('INFO', 'replication')).includes('role:master');
    await until(isMaster, { what: 'the replica to become a master', everyMs: 20 });
  }

  close(): Promise<void> {
    this.#closing ??= this.#parts.disposeAsync();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
