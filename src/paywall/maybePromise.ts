/**
 * A value that is there already, or a promise of it. An operation that a plan covers waits for its reads alone: a promise
 * for each further step would cost it as much again, and keep its answer in memory while other operations take turns.
 */
export type MaybePromise<T> = T | Promise<T>;

/** Of whatever make: a mutation's resolvers may answer promises of a library, or of another realm, and graphql-js hands them on. */
export const isPromise = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function';

/** Goes on at once where the value is there. */
export const whenReady = <T, Result>(
  value: MaybePromise<T>,
  goOn: (value: T) => MaybePromise<Result>,
): MaybePromise<Result> => (isPromise(value) ? Promise.resolve(value).then(goOn) : goOn(value));
