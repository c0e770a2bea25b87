// Every mutation. A package that is to be proved gets a file of its own and a line here.
import type { Mutation } from './mutation.ts';
import { cacheMutations } from './mutations-of-cache.ts';
import { databaseMutations } from './mutations-of-database.ts';
import { engineMutations } from './mutations-of-engine.ts';
import { protocolMutations } from './mutations-of-protocol.ts';
import { storeMutations } from './mutations-of-stores.ts';
import { storeTableMutations } from './mutations-of-store-tables.ts';

export const mutations: readonly Mutation[] = [
  ...cacheMutations,
  ...engineMutations,
  ...protocolMutations,
  ...databaseMutations,
  ...storeMutations,
  ...storeTableMutations,
].toSorted((a, b) => Number(a.keeps.slice(1)) - Number(b.keeps.slice(1)));
