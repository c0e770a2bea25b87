// Which Redis is used: a running server that the environment names, or a server program to start. Never installs one.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { DevstackError } from '../devstack-error.ts';

export type RedisChoice =
  | { readonly kind: 'program'; readonly program: string }
  | { readonly kind: 'external'; readonly url: string };

const programs = ['redis-server', 'valkey-server'];

/**
 * REDIS_URL wins: whoever sets it wants that server and no other. Then TIDEMARK_REDIS_SERVER, then PATH.
 *
 * @throws DevstackError DEVSTACK_UNSUPPORTED when there is none
 */
export function chooseRedis(environment: NodeJS.ProcessEnv): RedisChoice {
  const { REDIS_URL, TIDEMARK_REDIS_SERVER, PATH = '' } = environment;
  if (REDIS_URL) return { kind: 'external', url: REDIS_URL };
  if (TIDEMARK_REDIS_SERVER) return { kind: 'program', program: TIDEMARK_REDIS_SERVER };
  for (const folder of PATH.split(path.delimiter)) {
    for (const name of programs) {
      const program = path.join(folder, name);
      if (folder !== '' && existsSync(program)) return { kind: 'program', program };
    }
  }
  throw new DevstackError(
    'DEVSTACK_UNSUPPORTED',
    `found neither of ${programs.join(', ')} on PATH: install one, or set REDIS_URL to a running server`,
  );
}
