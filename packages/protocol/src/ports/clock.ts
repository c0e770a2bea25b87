// Time, as everything else sees it. Two clocks, because each of them lies in its own way: the monotonic one stands
// still while a machine is suspended, the wall clock can be set. Never compared across processes.

export interface Clock {
  /** Milliseconds since some fixed moment of this process; never goes back. */
  monotonicMs(): number;
  /** Milliseconds since the epoch, as the system believes. */
  wallMs(): number;
  /** Runs `task` once, after `delayMs` or the longest delay that the clock has; the returned function cancels it. */
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

export interface Deadline extends Disposable {
  /** Aborts after the delay, or with the first of the parents. */
  readonly signal: AbortSignal;
}

/**
 * A deadline that is given up with `using`, so that no timer outlives what it limits. It listens to each parent by itself:
 * what `AbortSignal.any` makes is held by weak references, which the garbage collector would have to look after.
 */
export function deadlineIn(clock: Clock, delayMs: number, ...parents: readonly AbortSignal[]): Deadline {
  const controller = new AbortController();
  const onParent = (event: Event): void => controller.abort((event.target as AbortSignal).reason);
  const cancel = clock.schedule(delayMs, () => {
    controller.abort(new DOMException(`no answer within ${delayMs} ms`, 'TimeoutError'));
  });
  for (const parent of parents) {
    if (parent.aborted) controller.abort(parent.reason);
    else parent.addEventListener('abort', onParent, { once: true });
  }
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      cancel();
      for (const parent of parents) parent.removeEventListener('abort', onParent);
    },
  };
}
