// How a command fails without a result: it was called in a wrong way, or a part did not answer.
import { TidemarkError } from '@tidemark/protocol';

/** The command line is not right. The message says what to write. */
export class UsageError extends TidemarkError {
  declare readonly code: 'CLI_USAGE';

  constructor(message: string) {
    super(message, { code: 'CLI_USAGE' });
  }
}

/** A part that the command needs did not answer, or refused to. */
export class UnreachableError extends TidemarkError {
  declare readonly code: 'CLI_UNREACHABLE';

  constructor(message: string, cause?: unknown) {
    super(message, { code: 'CLI_UNREACHABLE', cause });
  }
}
