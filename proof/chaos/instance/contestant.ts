// What an instance needs of a cache, so that the same readers can try Tidemark and the control that must fail.
import type { InstanceStatus } from '../parts/messages.ts';
import type { Origin } from '../judge/reads.ts';

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
  jump(wallMs: number, monotonicMs: number): void;
  status(): InstanceStatus;
}

export type Load = (name: string) => Promise<Item | null>;
