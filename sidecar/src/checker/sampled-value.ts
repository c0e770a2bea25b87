// One L2 value as the checker finds it, judged by the rules of an instance: what nobody would be served is nobody's
// affair. Pure, but for the one read.
import {
  comparePositions,
  type Head,
  isAboveFloors,
  type NamespaceKeys,
  parseHead,
  parsePayload,
  parseValue,
  storedKey,
  valueOwner,
} from '@tidemark/protocol';
import type { Redis } from 'ioredis';
import type { RegionKey } from '../redis/region-keys.ts';

export type Sampled =
  /** Gone, corrupt, of another key, below a floor: an instance would load it. */
  | { readonly kind: 'refused' }
  | {
      readonly kind: 'served';
      readonly head: Head;
      /** All of it: the same text later is the same fill. */
      readonly text: string;
      readonly value: unknown;
    };

/** Larger values are passed over: to parse one would hold up the rounds. */
const maxLength = 262_144;

const refused: Sampled = { kind: 'refused' };

/** One command. @throws what ioredis throws */
export async function sampleValue(
  redis: Redis,
  { keys, key, region }: { readonly keys: NamespaceKeys; readonly key: string; readonly region: RegionKey },
): Promise<Sampled> {
  const [headText, text] = await redis.mget(keys.head, storedKey(keys, key));
  return judgeValue(headText ?? null, text ?? null, region);
}

function judgeValue(headText: string | null, text: string | null, region: RegionKey): Sampled {
  const head = headText === null ? undefined : parseHead(headText);
  if (head === undefined || text === null || text.length > maxLength) return refused;
  const stored = parseValue(valueOwner(region.prefix, region.encodedKey), text);
  if (stored === undefined) return refused;
  const tables = region.tables.map(({ table }) => table);
  if (!isAboveFloors(head, stored.notedAt, tables)) return refused;
  if (comparePositions(stored.notedAt, head.position) > 0) return refused;
  const value = parsePayload(stored.payload);
  return value === undefined ? refused : { kind: 'served', head, text, value };
}
