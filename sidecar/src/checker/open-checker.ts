// The checker that a configuration asks for, with what it needs.
import type { Clock, Logger } from '@tidemark/protocol';
import type { SidecarConfig } from '../config/config.ts';
import { redisOption } from '../config/redis-config.ts';
import type { FollowedTables } from '../start/followed-tables.ts';
import { Checker } from './checker.ts';
import { openRowSource } from './row-source.ts';

export interface CheckerParts {
  readonly tables: FollowedTables;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Off unless it is asked for: then there is no connection and no command. */
export function openChecker(config: SidecarConfig, parts: CheckerParts): Checker | undefined {
  const { checker, keyPrefix } = config;
  const { tables, clock, logger } = parts;
  if (checker === undefined) return undefined;
  return new Checker({
    config: checker,
    redis: redisOption(config.redis),
    keyPrefix,
    rows: openRowSource(config),
    watch: () => tables.watch,
    clock,
    logger: logger.child({ component: 'checker' }),
  });
}
