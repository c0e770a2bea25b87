// What happens inside, for whoever subscribes to the diagnostics channels; free while nobody does.
import { channel } from 'node:diagnostics_channel';
import type { OvertakeCause } from './invalidate/namespace.ts';

/** Channel `tidemark:overtaken`: entries of a region were dropped. */
export interface OvertakenEvent {
  readonly region: string;
  /** Encoded keys; null: all of the region's. */
  readonly keys: readonly string[] | null;
  readonly cause: OvertakeCause;
}

/** Channel `tidemark:stored`: an entry came into L1. */
export interface StoredEvent {
  readonly region: string;
  readonly key: string;
  readonly from: 'l2' | 'source';
}

const overtaken = channel('tidemark:overtaken');
const stored = channel('tidemark:stored');

export function tellOvertaken(region: string, keys: readonly string[] | null, cause: OvertakeCause): void {
  if (overtaken.hasSubscribers) overtaken.publish({ region, keys, cause } satisfies OvertakenEvent);
}

export function tellStored(region: string, key: string, from: StoredEvent['from']): void {
  if (stored.hasSubscribers) stored.publish({ region, key, from } satisfies StoredEvent);
}
