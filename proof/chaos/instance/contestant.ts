// What an instance needs of a cache, so that the same readers can try Tidemark and the control that must fail.
import type { Origin } from '../judge/reads.ts';
import type { InstanceSettings, InstanceStatus } from '../parts/messages.ts';
import type { JumpingClock } from './jumping-clock.ts';

export interface Item {
  readonly version: number;
}

export interface ContestantCache {
  /** Synchronous; undefined: not to be had from L1. */
  peek(name: string): Item | null | undefined;
  get(name: string): Promise<Item | null>;
  getMany(names: readonly string[]): Promise<(Item | null)[]>;
  getFresh(name: string): Promise<Item | null>;
  write<T>(name: string, change: () => Promise<T>): Promise<T>;
  /** Where the value of the row that came last came from. */
  originOf(name: string): Origin;
  status(): InstanceStatus;
  close(): Promise<void>;
}

export type Load = (name: string) => Promise<Item | null>;

/** What a contestant is made from. */
export interface ContestantParts {
  readonly settings: InstanceSettings;
  readonly clock: JumpingClock;
  readonly load: Load;
  /** Something overtook these rows; null: all of them. */
  readonly onOvertaken: (names: readonly string[] | null) => void;
}
