// Is Redis there, with these credentials, as a primary, and new enough?
import { redisAddress } from '../config/redis-config.ts';
import type { RedisInfo } from '../redis/redis-info.ts';
import { refusalText } from '../redis/redis-refusal.ts';
import type { Check } from './check.ts';
import { type Judgement, ok, skipped } from './finding.ts';

export const redisServer: Check = {
  name: 'redis',
  needs: () => [],
  async run(patient) {
    const { redis } = patient.config;
    if (redis === undefined) return [skipped('the settings of Redis are not set, or are wrong')];
    const address = redisAddress(redis);
    try {
      return judgeRedis({ address, isClusterWanted: redis.kind === 'cluster' }, await patient.redisInfo());
    } catch (error) {
      return [judgeRefusal(address, error instanceof Error ? error.message : String(error))];
    }
  },
};

/** The oldest with everything that the scripts call; older ones have had no security fixes for years. */
const oldestVersion = [6, 2] as const;

export interface WantedRedis {
  readonly address: string;
  readonly isClusterWanted: boolean;
}

export function judgeRedis(
  { address, isClusterWanted }: WantedRedis,
  { version, role, isCluster }: RedisInfo,
): Judgement[] {
  const findings: Judgement[] = [];
  if (role !== 'master') {
    findings.push({
      status: 'fail',
      sentence: `Redis at ${address} must be a primary, got a ${role}: use the address of the primary, or name its sentinels`,
    });
  }
  if (isCluster && !isClusterWanted) {
    findings.push({
      status: 'fail',
      sentence: `Redis at ${address} must be a single server, got a node of a Cluster: name its nodes by REDIS_CLUSTER, here and in the instances`,
    });
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < oldestVersion[0] || (major === oldestVersion[0] && minor < oldestVersion[1])) {
    findings.push({
      status: 'fail',
      sentence: `Redis at ${address} must be ${oldestVersion.join('.')} or newer, got ${version}: upgrade it`,
    });
  }
  return findings.length > 0 ? findings : [ok(`Redis ${version} at ${address} answers as a primary`)];
}

export function judgeRefusal(address: string, reason: string): Judgement {
  return {
    status: 'fail',
    sentence:
      refusalText(address, reason) ??
      `Redis at ${address} can't be reached (${reason}): check the address, the network, and whether it wants TLS (rediss://) or none (redis://)`,
  };
}
