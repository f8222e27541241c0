/** What can't be done, as a value that names what is wrong; the admin API answers it as it is. */
/** `SERVICE_UNAVAILABLE`: not now, for somebody else's sake. */
export type OperatorErrorCode = 'BAD_USER_INPUT' | 'NOT_FOUND' | 'CONFLICT' | 'FORBIDDEN' | 'SERVICE_UNAVAILABLE';

/** What was asked for can't be done; `code` is what the admin API answers. */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
  constructor(
    readonly code: OperatorErrorCode,
    message: string,
    readonly argument: string | null = null,
  ) {
    super(message);
  }
}

export const badInput = (argument: string, fault: string): OperatorError =>
  new OperatorError('BAD_USER_INPUT', `The argument "${argument}" ${fault}`, argument);
