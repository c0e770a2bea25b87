// The one error type of this package. Owns the list of codes; never carries a key or a password in its message.

export type DevstackErrorCode =
  /** No program, no user to run it as, or a platform this package has no binaries for. */
  | 'DEVSTACK_UNSUPPORTED'
  /** A server ended or stayed silent before it was ready. */
  | 'DEVSTACK_START_FAILED'
  /** The call does not fit the state the server is in, or a server that is not ours. */
  | 'DEVSTACK_BAD_STATE'
  /** A wait reached its deadline. */
  | 'DEVSTACK_TIMEOUT'
  /** A migration or a statement was refused by PostgreSQL. */
  | 'DEVSTACK_SQL'
  /** An option does not make sense. */
  | 'DEVSTACK_OPTION';

export class DevstackError extends Error {
  override readonly name = 'DevstackError';
  readonly code: DevstackErrorCode;

  constructor(code: DevstackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
