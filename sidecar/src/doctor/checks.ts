// Every check of `tidemark doctor`, in the order in which a change travels; a check stands after those it needs.
import { bindings } from './bindings.ts';
import type { Check } from './check.ts';
import { declared } from './declared.ts';
import { directHintsCheck } from './direct-hints-check.ts';
import { grants } from './grants.ts';
import { hintArrival } from './hint-arrival.ts';
import { inspection } from './inspection-check.ts';
import { database, dataApi } from './journal.ts';
import { publication } from './publication.ts';
import { recordArrival } from './record-arrival.ts';
import { redisDelay } from './redis-delay.ts';
import { redisEviction } from './redis-eviction.ts';
import { redisPersistence } from './redis-persistence.ts';
import { redisServer } from './redis-server.ts';
import { rounds } from './rounds.ts';
import { rowSecurity } from './row-security.ts';
import { schemas } from './schemas.ts';
import { triggers } from './triggers.ts';

export const checks: readonly Check[] = [
  dataApi,
  database,
  schemas,
  inspection,
  grants,
  triggers,
  declared,
  publication,
  rowSecurity,
  bindings,
  directHintsCheck,
  hintArrival,
  redisServer,
  redisEviction,
  redisPersistence,
  redisDelay,
  rounds,
  recordArrival,
];
