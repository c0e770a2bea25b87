// Puts the ledger around a contestant: each load is told to it together with the read that began it, which the loader
// itself never sees. Reads that L1 answers pass untouched.
import { AsyncLocalStorage } from 'node:async_hooks';
import { keyNumber } from '../keys.ts';
import type { ContestantCache, Load } from './contestant.ts';
import type { Ask, LoadLedger } from './load-ledger.ts';

const asking = new AsyncLocalStorage<Ask>();

/** @returns the loader, with each call of it in the ledger */
export function countLoads(load: Load, ledger: LoadLedger): Load {
  return async (name) => {
    const key = keyNumber(name);
    const end = ledger.begin(key, asking.getStore() ?? ledger.ask([key], false));
    try {
      const item = await load(name);
      end('answered');
      return item;
    } catch (error) {
      end('failed');
      throw error;
    }
  };
}

/** @returns the contestant, with each read that L1 can't answer in the ledger */
export function countAsks(cache: ContestantCache, ledger: LoadLedger): ContestantCache {
  const ask = <T>(names: readonly string[], isFresh: boolean, read: () => Promise<T>): Promise<T> =>
    asking.run(ledger.ask(names.map(keyNumber), isFresh), read);
  return {
    ...cache,
    get: (name) => ask([name], false, () => cache.get(name)),
    getMany: (names) => ask(names, false, () => cache.getMany(names)),
    getFresh: (name) => ask([name], true, () => cache.getFresh(name)),
  };
}
