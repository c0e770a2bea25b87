// cacheable with what its Redis provider leaves out: it opens two clients and listens for the errors of neither, so that a
// lost connection ends the process. Its interface has no way to them; here they are reached past it.
import { RedisMessageProvider } from '@qified/redis';
import { EventEmitter } from 'node:events';
import type { CachedRows, RowsSetting } from '../cached-rows.ts';
import { openWith } from './cacheable.ts';

export function open(setting: RowsSetting): Promise<CachedRows> {
  const provider = new RedisMessageProvider({ uri: setting.busUrl });
  for (const name of ['pub', 'sub']) {
    const client: unknown = Reflect.get(provider, name);
    if (!(client instanceof EventEmitter)) throw new Error(`the provider has no client called ${name}`);
    client.on('error', () => {});
  }
  return openWith(provider, setting);
}
