// What leaves the stores when something is wrong. Callers tell them apart by `code`; the text is for people. No message
// holds a credential, and none holds a row's content beyond the one value that broke a rule.
import { TidemarkError } from '@tidemark/protocol';

/** The caller gave something that no store accepts. Nothing was sent to the source. */
export class InvalidInputError extends TidemarkError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: 'INPUT_INVALID', cause });
  }
}

/** The source holds a row that breaks the rules of its type. Reads of it fail: guessing would be a policy of our own. */
export class InvalidRowError extends TidemarkError {
  constructor(message: string, cause?: unknown) {
    super(message, { code: 'ROW_INVALID', cause });
  }
}

export interface SourceErrorOptions {
  /** What PostgREST or PostgreSQL answered, e.g. `PGRST205` or `23514`; empty when no answer came. */
  readonly sourceCode: string;
  /** HTTP status; 0 when no answer came. */
  readonly status: number;
  readonly cause?: unknown;
}

/** The source refused, failed or did not answer. After a write without an answer the outcome is unknown. */
export class SourceError extends TidemarkError {
  readonly sourceCode: string;
  readonly status: number;

  constructor(message: string, options: SourceErrorOptions) {
    super(message, { code: 'SOURCE_FAILED', cause: options.cause });
    this.sourceCode = options.sourceCode;
    this.status = options.status;
  }
}

/** The environment or the options of a factory can't be started with; `problems` lists every reason at once. */
export class EnvironmentError extends TidemarkError {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'), { code: 'ENVIRONMENT_INVALID' });
    this.problems = problems;
  }
}

export type RoutingErrorCode =
  /** The tenant's data may not leave, and nothing local is named or registered for it. */
  | 'LOCAL_PROVIDER_MISSING'
  /** The policy names a provider that the router was not given. */
  | 'PROVIDER_UNKNOWN'
  /** The text could not be sanitised although the egress mode demands it. */
  | 'SANITIZE_FAILED';

/** The request was not sent to any provider. */
export class RoutingError extends TidemarkError {
  declare readonly code: RoutingErrorCode;

  constructor(code: RoutingErrorCode, message: string, cause?: unknown) {
    super(message, { code, cause });
  }
}

export type ConversationAccessErrorCode =
  /** There is none of that id, or none that the caller may know of: the two look alike. */
  | 'CONVERSATION_NOT_FOUND'
  /** The caller may read the conversation and not write it in this way. */
  | 'CONVERSATION_WRITE_REFUSED';

/** The rules refused a write; nothing was changed. */
export class ConversationAccessError extends TidemarkError {
  declare readonly code: ConversationAccessErrorCode;

  constructor(code: ConversationAccessErrorCode, message: string) {
    super(message, { code });
  }
}

export type ConversationPathErrorCode =
  /** There is none of that id in the tenant, or not in that conversation: the two look alike. */
  | 'PATH_NOT_FOUND'
  /** There is none of that id in the tenant, or it was deleted. */
  | 'MESSAGE_NOT_FOUND'
  /** The path neither holds nor inherits the message, or has nothing of it to merge. */
  | 'MESSAGE_NOT_ON_PATH'
  /** The primary path is never deleted, archived or merged into another. */
  | 'PATH_IS_PRIMARY'
  /** Nothing begins on an archived path, and nothing is added to it. */
  | 'PATH_IS_ARCHIVED'
  /** A path is merged once. */
  | 'PATH_IS_MERGED'
  /** Others inherit its messages. */
  | 'PATH_HAS_BRANCHES';

/** A rule of paths refused a write; nothing was changed. */
export class ConversationPathError extends TidemarkError {
  declare readonly code: ConversationPathErrorCode;

  constructor(code: ConversationPathErrorCode, message: string) {
    super(message, { code });
  }
}
