// A free TCP port on 127.0.0.1. Never reserves it: the caller binds it at once and asks again when it lost the race.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { DevstackError } from '../devstack-error.ts';

// Below the range from which the kernel takes the ports of outgoing connections (32,768 and up on Linux): a server
// that is down for a restart must find its port free again, whatever connects to whatever meanwhile.
const firstPort = 20_000;
const lastPort = 32_000;
const attempts = 100;

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const port = randomInt(firstPort, lastPort);
    if (await isPortFree(port)) return port;
  }
  throw new DevstackError(
    'DEVSTACK_START_FAILED',
    `found no free port between ${firstPort} and ${lastPort} on 127.0.0.1 in ${attempts} attempts`,
  );
}

export function isPortFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once('error', () => resolve(false));
  probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)));
  return promise;
}
