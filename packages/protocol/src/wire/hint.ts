// A hint of an app: "I just changed these keys", or "this prefix is mine, please watch it"; or of a publisher: "I leave
// this head for good". A hint only removes and only hurries: no position, no tidemark and no promise rests on it.
import { isObject, parseJson } from './json.ts';

export type Hint =
  | {
      readonly kind: 'changed';
      /** The instance that sent it, so that it can pass over its own. */
      readonly sender: string;
      readonly prefix: string;
      /** Encoded keys; null: every key of the region. */
      readonly keys: readonly string[] | null;
    }
  | { readonly kind: 'prefix'; readonly table: string; readonly prefix: string }
  | { readonly kind: 'leaving'; readonly head: string };

export function formatHint(hint: Hint): string {
  return JSON.stringify(hint);
}

/** @returns undefined for a message that is not a hint */
export function parseHint(text: string): Hint | undefined {
  const value = parseJson(text);
  if (!isObject(value)) return undefined;
  const { kind, sender, prefix, keys, table, head } = value;
  if (kind === 'leaving') return typeof head === 'string' ? { kind, head } : undefined;
  if (typeof prefix !== 'string') return undefined;
  if (kind === 'prefix') return typeof table === 'string' ? { kind, table, prefix } : undefined;
  if (kind !== 'changed' || typeof sender !== 'string') return undefined;
  if (keys === null) return { kind, sender, prefix, keys };
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'string')) return undefined;
  return { kind, sender, prefix, keys };
}
