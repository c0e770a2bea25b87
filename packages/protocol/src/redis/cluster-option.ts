// How a Redis Cluster is named: some of its nodes, and what each of them wants to know. Owns what is refused of it; never
// connects.
import type { ConnectionOptions } from 'node:tls';
import { TidemarkError } from '../errors.ts';

export interface ClusterNode {
  readonly host: string;
  readonly port: number;
}

/** A Redis Cluster, 6.2 or newer. Every namespace is one slot of it, so that more namespaces are how it scales out. */
export interface ClusterOption {
  readonly kind: 'cluster';
  /** Some of its nodes: any that answers tells where a slot is. Two or three on different machines. */
  readonly nodes: readonly ClusterNode[];
  /** Of every node, as the rest below. */
  readonly username?: string;
  readonly password?: string;
  /** Absent: no TLS. `{}` is enough where the certificates are of a known authority. */
  readonly tls?: ConnectionOptions;
  /** Where nodes tell addresses that do not lead to them from here: `host:port` as they tell it, and as it is. */
  readonly natMap?: Readonly<Record<string, ClusterNode>>;
}

export function isClusterOption(option: unknown): option is ClusterOption {
  return typeof option === 'object' && option !== null && 'kind' in option && option.kind === 'cluster';
}

/**
 * The client of a Cluster looks like options without an address, and would lead to whatever listens on 127.0.0.1.
 *
 * @throws TidemarkError `REDIS_CLUSTER_INVALID`
 */
export function refuseClusterClient(option: object): void {
  if (!('isCluster' in option) || option.isCluster !== true) return;
  throw new TidemarkError(
    `a Redis Cluster must be named by its nodes, got a client of it: write { kind: 'cluster', nodes: [...] }`,
    { code: 'REDIS_CLUSTER_INVALID' },
  );
}

/** @throws TidemarkError `REDIS_CLUSTER_INVALID` */
export function requireNodes({ nodes }: ClusterOption): void {
  const isNamed = Array.isArray(nodes) && nodes.length > 0;
  if (isNamed && nodes.every(({ host, port }) => host !== '' && Number.isInteger(port))) return;
  throw new TidemarkError(
    `a Redis Cluster must name some of its nodes by host and port, got ${JSON.stringify(nodes)}; ` +
      `for example nodes: [{ host: '10.0.0.1', port: 6379 }]`,
    { code: 'REDIS_CLUSTER_INVALID' },
  );
}
