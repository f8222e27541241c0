/**
 * A value that is there already, or a promise of it. An operation that a plan covers waits for its reads alone: a promise
 * for each further step would cost it as much again, and keep its answer in memory while other operations take turns.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Goes on at once where the value is there. */
export const whenReady = <T, Result>(
  value: MaybePromise<T>,
  goOn: (value: T) => MaybePromise<Result>,
): MaybePromise<Result> => (value instanceof Promise ? value.then(goOn) : goOn(value));
