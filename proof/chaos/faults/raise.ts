// Writes of the nemesis, in transactions that a fault shapes. Owns that the oracle learns of them.
import type { PoolClient } from 'pg';
import { keyName, keyNumber } from '../keys.ts';
import type { Scene } from '../parts/scene.ts';
import { sharedMs } from '../shared-clock.ts';

/** Runs in a transaction of its own. A version counts as committed when COMMIT has returned. */
async function inTransaction(scene: Scene, run: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await scene.pool.connect();
  try {
    await client.query('begin');
    await run(client);
    await client.query('commit');
  } finally {
    client.release();
  }
}

/** Adds one to the versions of some rows, and tells the oracle when it is committed. */
export async function raise(
  scene: Scene,
  keys: readonly number[],
  during: (client: PoolClient) => Promise<void> = async () => undefined,
): Promise<void> {
  const begunMs = sharedMs();
  let written: readonly { id: string; version: number; previous: number }[] = [];
  await inTransaction(scene, async (client) => {
    const result = await client.query<{ id: string; version: number; previous: number }>(
      `update public.item set version = version + 1, previous = version where id = any($1)
       returning id, version, previous`,
      [keys.map(keyName)],
    );
    written = result.rows;
    await during(client);
  });
  const knownMs = sharedMs();
  for (const { id, version, previous } of written) {
    scene.commits.add({ key: keyNumber(id), version, previous, begunMs, knownMs });
  }
}
