// What an instance tells the process that started it. Times are of the machine's clock.
import type { OvertakenEvent, StoredEvent } from '@tidemark/cache';

export type InstanceMessage =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'overtaken'; readonly atMs: number; readonly event: OvertakenEvent }
  | { readonly kind: 'stored'; readonly atMs: number; readonly event: StoredEvent };
