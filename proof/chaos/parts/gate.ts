// Lets the tasks of a process rest and go on. A task passes the gate before each step; whoever closes it waits until all
// tasks stand before it.
import { setTimeout as pause } from 'node:timers/promises';

export class Gate {
  #open = Promise.withResolvers<void>();
  #isOpen = false;
  #underWay = 0;

  open(): void {
    this.#isOpen = true;
    this.#open.resolve();
  }

  /** Resolves when no task is between two gates. */
  async close(): Promise<void> {
    if (this.#isOpen) {
      this.#isOpen = false;
      this.#open = Promise.withResolvers();
    }
    while (this.#underWay > 0) await pause(2);
  }

  /** Runs one step as soon as the gate is open. */
  async pass(step: () => Promise<void>): Promise<void> {
    while (!this.#isOpen) await this.#open.promise;
    this.#underWay += 1;
    try {
      await step();
    } finally {
      this.#underWay -= 1;
    }
  }
}
