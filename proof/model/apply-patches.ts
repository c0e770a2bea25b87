// Takes a guard out of a product file while Node loads it. Has to run before the product is imported.
import { registerHooks } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Patch } from './knock-out.ts';

/** @throws when a guard is not found exactly once, as soon as its file is loaded */
export function applyPatches(root: string, patches: readonly Patch[]): void {
  if (patches.length === 0) return;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const mine = patches.filter(({ file }) => pathToFileURL(path.join(root, file)).href === url);
      if (mine.length === 0) return loaded;
      const text = loaded.source ?? '';
      let source = typeof text === 'string' ? text : new TextDecoder().decode(text);
      for (const { file, guard, instead } of mine) {
        if (source.split(guard).length !== 2) {
          throw new Error(`the guard of a knock-out must stand in ${file} exactly once: ${guard}`);
        }
        source = source.replace(guard, () => instead);
      }
      return { ...loaded, source };
    },
  });
}
