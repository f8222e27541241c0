/**
 * A store that can't be used. Not a refusal: nothing is known of the caller then, so it is never "pay" and never
 * "free". Its message is for the operator; clients see `STORE_UNAVAILABLE`.
 */
export type StoreErrorCode =
  /** Not reached, timed out, or the reply was lost: a write may have been applied. */
  | 'UNREACHABLE'
  /** The store was closed by this process. */
  | 'CLOSED'
  /** Reached, and it answered with an error that trying again does not mend. */
  | 'FAILED'
  /** What it holds is not what this version of Tollgate writes. */
  | 'CORRUPT'
  /** Too many callers wait, or lost the race for one wallet too often. */
  | 'OVERLOADED';

export class StoreError extends Error {
  override readonly name = 'StoreError';
  constructor(
    readonly code: StoreErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** Whether one value of a batch may be to blame, so that the others could be had without it. */
export const isAboutOneValue = (error: unknown): error is StoreError =>
  error instanceof StoreError && (error.code === 'FAILED' || error.code === 'CORRUPT');
