// Tries mutations, in two private clones at a time.
import type { Mutation } from './mutation.ts';
import { cloneCheckout } from './private-clone.ts';
import { tryMutation, type Verdict } from './try-mutation.ts';

export interface TriedMutation {
  readonly mutation: Mutation;
  readonly verdict: Verdict;
}

/** Each may start a stack of its own: as many as two cores carry. */
const clones = 2;

export async function tryMutations(
  root: string,
  mutations: readonly Mutation[],
  onTried?: (tried: TriedMutation) => void,
): Promise<TriedMutation[]> {
  const waiting = [...mutations];
  const results: TriedMutation[] = [];
  const work = async (): Promise<void> => {
    await using clone = await cloneCheckout(root);
    for (let mutation = waiting.shift(); mutation !== undefined; mutation = waiting.shift()) {
      const tried = { mutation, verdict: await tryMutation(clone.folder, mutation) };
      results.push(tried);
      onTried?.(tried);
    }
  };
  await Promise.all(Array.from({ length: clones }, work));
  return results;
}
