// What the next call of a watched store meets: a failure before or after its work, or somebody who comes first.

export class NextCall {
  /** Thrown by the next call. */
  failure: { readonly error: Error; readonly isAfterTheWork: boolean } | undefined;
  /** Runs before the work of the next call, which the caller of that call has begun already. */
  before: (() => Promise<unknown>) | undefined;

  async run<T>(work: () => Promise<T>): Promise<T> {
    const { failure, before } = this;
    this.failure = undefined;
    this.before = undefined;
    await before?.();
    if (failure === undefined) return work();
    if (failure.isAfterTheWork) await work();
    throw failure.error;
  }
}
