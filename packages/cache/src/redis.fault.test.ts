import { silentLogger } from '@tidemark/protocol';
import { startFaultProxy, startRedis, until } from '@tidemark/devstack';
import { expect, it } from 'vitest';
import { createCache } from './cache.ts';

it('a cache that was started before Redis hears the others as soon as it is there', async () => {
  await using server = await startRedis();
  await using proxy = await startFaultProxy({ target: { host: '127.0.0.1', port: server.port } });
  await proxy.cut();
  let failures = 0;
  const warn = (): void => void (failures += 1);
  const logger = { ...silentLogger, warn, child: () => ({ ...silentLogger, warn }) };
  await using early = createCache({ redis: `redis://127.0.0.1:${proxy.port}`, logger });
  await using writer = createCache({ redis: server.url });
  const options = {
    name: 'item',
    ttl: '5m',
    maxStaleness: '1h',
    load: () => Promise.resolve('value'),
  } as const;
  const [reading, writing] = [early.region<string>(options), writer.region<string>(options)];
  await reading.get('a');
  // The first attempt to connect has failed, and the subscription with it.
  await until(() => failures > 0);

  await proxy.heal();

  await until(async () => {
    await writing.write('a', () => Promise.resolve());
    return reading.peek('a') === undefined;
  });
  expect(reading.peek('a')).toBeUndefined();
});
