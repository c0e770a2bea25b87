// Tells the parent process what the cache drops and stores, with the moment at which it did. Only the demo needs this;
// the channels are free as long as nobody subscribes to them.
import { subscribe } from 'node:diagnostics_channel';
import type { OvertakenEvent, StoredEvent } from '@tidemark/cache';
import { machineMs } from '../machine-clock.ts';
import type { InstanceMessage } from './instance-message.ts';

export function reportEvents(): void {
  if (process.send === undefined) return;
  subscribe('tidemark:overtaken', (event) => {
    tellParent({ kind: 'overtaken', atMs: machineMs(), event: event as OvertakenEvent });
  });
  subscribe('tidemark:stored', (event) => {
    tellParent({ kind: 'stored', atMs: machineMs(), event: event as StoredEvent });
  });
}

export function tellParent(message: InstanceMessage): void {
  // The parent may be gone by now; then there is nobody to tell.
  process.send?.(message, undefined, {}, () => undefined);
}
