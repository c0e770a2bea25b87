// A free TCP port on 127.0.0.1. Never reserves it: the caller binds it at once, and tries another when it lost the race.
import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { DevstackError } from '../devstack-error.ts';

// Below the range from which the kernel takes the ports of outgoing connections (32,768 and up on Linux): a server
// that is down for a restart must find its port free again, whatever connects to whatever meanwhile.
const firstPort = 20_000;
const lastPort = 32_000;
const attempts = 100;
/** How often a start on a port of our choice is tried when somebody else took the port first. */
const lostRaces = 5;

/**
 * Runs `start` with the wanted port, or with a free one, and again with another one when it lost the race for it.
 *
 * @throws whatever `start` throws; for a wanted port at the first failure
 */
export async function onFreePort<T>(
  wanted: number | undefined,
  start: (port: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start(wanted ?? (await freePort()));
    } catch (error) {
      if (wanted !== undefined || attempt === lostRaces || !isPortTaken(error)) throw error;
    }
  }
}

/** Servers say it in their log, Node in a code. */
function isPortTaken(error: unknown): boolean {
  return (
    error instanceof Error &&
    /address already in use|EADDRINUSE/i.test(
      `${error.message} ${error.cause instanceof Error ? error.cause.message : ''}`,
    )
  );
}

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
