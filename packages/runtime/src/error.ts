/** The one error class for mistakes a user can mend. */

/**
 * Says in one line what was expected, what came and how to mend it. The CLI prints the message without a stack and
 * exits with 2; any other error is our bug, prints its stack and exits with 1.
 */
export class UserError extends Error {
  override readonly name = 'UserError';
  /** A stable short code for programs, as `not-found` or `unreadable-image`. */
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
