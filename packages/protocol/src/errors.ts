// The base of every error that leaves a Tidemark package. Callers recognise an error by its `code`, never by its text.

export interface TidemarkErrorOptions {
  /** Stable, upper case, e.g. `REDIS_URL_INVALID`. */
  readonly code: string;
  readonly cause?: unknown;
}

/** What went wrong, as one sentence that names the thing, the rule, the value and what to do. */
export class TidemarkError extends Error {
  readonly code: string;

  constructor(message: string, options: TidemarkErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
  }
}
