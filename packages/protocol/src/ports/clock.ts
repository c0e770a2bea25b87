// Time, as everything else sees it. Two clocks, because each of them lies in its own way: the monotonic one stands
// still while a machine is suspended, the wall clock can be set. Never compared across processes.

export interface Clock {
  /** Milliseconds since some fixed moment of this process; never goes back. */
  monotonicMs(): number;
  /** Milliseconds since the epoch, as the system believes. */
  wallMs(): number;
  /** Runs `task` once, after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, task: () => void): () => void;
}

/** Resolves after `delayMs`, or at once when the signal aborts: a wait that somebody ended is not an error. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal?.aborted === true) return Promise.resolve();
  const cancel = clock.schedule(delayMs, done);
  signal?.addEventListener('abort', done);
  return promise;

  function done(): void {
    cancel();
    signal?.removeEventListener('abort', done);
    resolve();
  }
}
